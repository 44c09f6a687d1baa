"""Read a file that a stranger's project names: one that people write, and not what never ends or fills the memory."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

MOST_BYTES = 4 << 20  # no configuration, Dockerfile or password is longer


def plain_text(file: Path) -> str:
    """Its text; raises OSError for what is not there, no plain file (a FIFO, a device), or longer than 4 MB."""
    descriptor = os.open(file, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)  # which waits for no writer of a FIFO
    try:
        found = os.fstat(descriptor)
        if not stat.S_ISREG(found.st_mode):
            raise OSError(errno.EINVAL, "it is no plain file", str(file))
        if found.st_size > MOST_BYTES:
            raise OSError(errno.EFBIG, f"it is longer than {MOST_BYTES >> 20} MB", str(file))
        with open(descriptor, errors="replace", closefd=False) as opened:
            return opened.read(MOST_BYTES)
    finally:
        os.close(descriptor)
