"""Restarts the unhealthy containers of its own Compose project, and no others."""
