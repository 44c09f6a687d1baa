"""A session: what it starts carries its name and a deadline, and nothing of it is left at its end."""

from __future__ import annotations

import fcntl
import secrets
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from stack.driver.engine import answers
from stack.driver.flock import locked
from stack.driver.labels import DEADLINE_LABEL, HOME_LABEL, KEPT, LEFT, PREFIX, RUN_LABEL, STACK_LABEL, address, home
from stack.driver.reaper import remove

LONGEST = timedelta(hours=12)  # after which a run of another machine counts as dead


@dataclass(frozen=True, kw_only=True)
class Session:
    """The folder of a run in the temporary directory, and the labels of all that it starts.

    Whoever works for the run holds a lock on the folder. A lock goes with the process that holds it, however that ends:
    a folder that nobody has locked is of a run that is over.
    """

    folder: Path
    deadline: str

    @property
    def name(self) -> str:
        return self.folder.name

    def labels(self, project: str) -> Mapping[str, str]:
        """What everything of a stack of this run is labelled with."""
        return {RUN_LABEL: self.name, STACK_LABEL: project, DEADLINE_LABEL: self.deadline, HOME_LABEL: address()}

    def keep(self, project: str) -> None:
        """Have nobody remove this stack but who asks for just that."""
        (self.folder / f"{project}{KEPT}").touch()

    def leave(self, project: str) -> None:
        """Have this stack stand, as it is, until the run is over: whoever made it removes it no more."""
        (self.folder / f"{project}{LEFT}").touch()

    def is_left(self, project: str) -> bool:
        """Whether a stack is to stand until then."""
        return (self.folder / f"{project}{LEFT}").exists()


@contextmanager
def begun() -> Iterator[Session]:
    """A run; at its end nothing of it is there but what is to be kept, whatever became of those who worked for it."""
    hidden = home() / f".{PREFIX}{secrets.token_hex(3)}"
    hidden.mkdir(mode=0o700)
    with locked(hidden, fcntl.LOCK_SH):
        folder = hidden.rename(hidden.with_name(hidden.name[1:]))  # seen by others only once it is locked
        deadline = datetime.now(UTC) + LONGEST
        try:
            yield Session(folder=folder, deadline=deadline.isoformat(timespec="seconds"))
        finally:
            if answers():
                remove(folder.name)
            else:  # what it holds of this run, if it ever was there, is swept when it is back
                shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def joined(folder: Path, deadline: str) -> Iterator[Session]:
    """The run that another process began; it is alive for as long as one of them is."""
    with locked(folder, fcntl.LOCK_SH):
        yield Session(folder=folder, deadline=deadline)
