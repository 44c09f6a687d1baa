"""Processes that want all the CPU time that there is: counted, bounded in time, ended one by one by their handles."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

# A hog ends by itself, and with whoever started it, so that none outlives a run that was killed.
HOG = """
import ctypes, os, signal, sys, time
ctypes.CDLL(None).prctl(1, signal.SIGKILL)
ends = time.monotonic() + float(sys.argv[1])
while time.monotonic() < ends and os.getppid() == int(sys.argv[2]):
    sum(range(20_000))
"""


@contextmanager
def hogs(count: int, seconds: float) -> Iterator[None]:
    """Have so many at work meanwhile, for so many seconds at most."""
    command = [sys.executable, "-I", "-S", "-c", HOG, str(seconds), str(os.getpid())]
    # Each a session of its own: the kernel shares time out between sessions first (autogroup), and a hundred in one of
    # them would be no more than one.
    started = [subprocess.Popen(command, start_new_session=True) for _ in range(count)]
    try:
        yield
    finally:
        for one in started:
            one.kill()
        for one in started:
            one.wait()
