"""Health checks and restart policies as data, and the times that they declare."""

from __future__ import annotations

SEARCH_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"  # what Docker gives an image without one
