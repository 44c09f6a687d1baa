"""A command of this machine that is ended when its time is over, with all that it has started."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path


def exit_code(
    command: Sequence[str],
    within: float,
    *,
    environment: Mapping[str, str],
    out: int,
    beside: int,
    folder: Path | None = None,
    tidy_seconds: float = 0.0,
) -> int | None:
    """What it ended with, None where its time was over; `out` and `beside` are file descriptors for what it prints.

    It runs in a session of its own and reads nothing. With `tidy_seconds` it is asked to end first, so that it may tidy
    up. Raises OSError where it cannot be run.
    """
    running = subprocess.Popen(
        command, cwd=folder, env=environment, stdin=subprocess.DEVNULL, stdout=out, stderr=beside,
        start_new_session=True,
    )  # fmt: skip
    try:
        return running.wait(within)
    except subprocess.TimeoutExpired:
        return None
    finally:
        if running.poll() is None:
            _end(running, tidy_seconds)


def _end(running: subprocess.Popen[bytes], tidy_seconds: float) -> None:
    asked = [(signal.SIGTERM, tidy_seconds)] if tidy_seconds else []
    for number, seconds in (*asked, (signal.SIGKILL, None)):
        with suppress(ProcessLookupError, subprocess.TimeoutExpired):
            os.killpg(running.pid, number)
            running.wait(seconds)
