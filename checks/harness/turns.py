"""Who may work beside whom: checks side by side, a second try alone, starts one after another where cores are scarce.

Workers are processes: they agree by flock(2) on folders of the run, which the kernel releases with whoever held it.
"""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from checks.harness.pressure import recent_cpu
from stack.driver.flock import locked

MOST_WORKERS = 8  # each holds a stack
WORKERS = min(len(os.sched_getaffinity(0)) + 1, MOST_WORKERS)  # more than cores: most of the time is waiting
PARALLEL = ("-n", str(WORKERS), "--maxschedchunk", "1")  # the longest begin first
SCARCE = 0.9  # of the last ten seconds some task waited for a core: measured, see README.md
PATIENCE_SECONDS = 300.0  # of a run, for waiting until pressure falls and for second tries where it does not
SHARE_OF_PATIENCE = 0.1  # of what is left of it, that one wait may take


class Turns:
    """The locks of a run, in a folder of its own that goes with it."""

    def __init__(self, run: Path) -> None:
        self._folder = run / ".turns"
        for name in ("door", "room", "starts"):
            (self._folder / name).mkdir(parents=True, exist_ok=True)

    def remove(self) -> None:
        """Nobody works any more."""
        shutil.rmtree(self._folder, ignore_errors=True)

    @contextmanager
    def beside_others(self) -> Iterator[None]:
        """Work beside whoever does so as well."""
        with self._in_room(fcntl.LOCK_SH):
            yield

    @contextmanager
    def alone(self) -> Iterator[Patience]:
        """Work when all others are done with what they are at, and before they begin anything else."""
        with self._in_room(fcntl.LOCK_EX):
            yield Patience(self._folder / "spent")

    @contextmanager
    def start(self) -> Iterator[None]:
        """Start a stack: one after another where cores are scarce."""
        if recent_cpu() < SCARCE:
            yield
            return
        with locked(self._folder / "starts", fcntl.LOCK_EX):
            yield

    @contextmanager
    def _in_room(self, how: int) -> Iterator[None]:
        """One at a time goes through the door, so that nobody who wants to be alone is overtaken for ever."""
        with ExitStack() as held:
            with locked(self._folder / "door", fcntl.LOCK_EX):
                held.enter_context(locked(self._folder / "room", how))
            yield


class Patience:
    """What a run has left of its patience; read and written by whoever works alone."""

    def __init__(self, file: Path) -> None:
        self._file = file

    @property
    def left(self) -> float:
        """Seconds."""
        spent = float(self._file.read_text()) if self._file.exists() else 0.0
        return max(0.0, PATIENCE_SECONDS - spent)

    def spend(self, seconds: float) -> None:
        """So much less of it is left."""
        self._file.write_text(repr(PATIENCE_SECONDS - self.left + seconds))
