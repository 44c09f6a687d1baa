"""A run of checks: what it starts carries its name and a deadline, and the next run removes what a killed one left."""

from __future__ import annotations

import fcntl
import os
import platform
import re
import secrets
import shutil
import signal
import stat
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, nullcontext, suppress
from dataclasses import dataclass, fields
from datetime import UTC, datetime, timedelta
from pathlib import Path

from stack.driver import docker, helper
from stack.driver.errors import StackError
from stack.driver.helper import DEADLINE_LABEL, HOME_LABEL, RUN_LABEL, STACK_LABEL

PREFIX = "checks-"
NAME = re.compile(r"checks-[0-9a-f]{6}")  # nothing else is taken for a run, whatever a folder or a label says
KEPT = ".kept"
LONGEST = timedelta(hours=12)  # after which a run of another machine counts as dead
ROUNDS = 3  # one may be in the middle of being removed by somebody else
OURS = ("--filter", f"label={RUN_LABEL}")
HOW = {"container": ("--force", "--volumes"), "network": (), "volume": ("--force",)}


@dataclass(frozen=True, kw_only=True)
class Run:
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
        return {RUN_LABEL: self.name, STACK_LABEL: project, DEADLINE_LABEL: self.deadline, HOME_LABEL: _address()}

    def keep(self, project: str) -> None:
        """Have nobody remove this stack but who asks for just that."""
        (self.folder / f"{project}{KEPT}").touch()


@dataclass(frozen=True)
class _Thing:
    """Something of a run that Docker holds."""

    kind: str
    id: str
    run: str
    project: str
    deadline: str
    home: str


@contextmanager
def begun() -> Iterator[Run]:
    """A run; at its end nothing of it is there but what is to be kept, whatever became of those who worked for it."""
    hidden = _home() / f".{PREFIX}{secrets.token_hex(3)}"
    hidden.mkdir(mode=0o700)
    with locked(hidden, fcntl.LOCK_SH):
        folder = hidden.rename(hidden.with_name(hidden.name[1:]))  # seen by others only once it is locked
        deadline = datetime.now(UTC) + LONGEST
        try:
            yield Run(folder=folder, deadline=deadline.isoformat(timespec="seconds"))
        finally:
            remove(folder.name)


@contextmanager
def joined(folder: Path, deadline: str) -> Iterator[Run]:
    """The run that another process began; it is alive for as long as one of them is."""
    with locked(folder, fcntl.LOCK_SH):
        yield Run(folder=folder, deadline=deadline)


def sweep(*, kept: bool = False) -> list[str]:
    """Remove what runs left that are over, kept stacks as well if told so; the names of the runs concerned."""
    things, folders = _things(), {path.name for path in _home().glob(f"{PREFIX}*") if _is_ours(path)}
    swept = []
    for name in sorted(folders | {thing.run for thing in things}):
        with ExitStack() as claim:
            if _claimed(name, things, claim) and remove(name, kept=kept):
                swept.append(name)
    return swept


def remove(name: str, *, kept: bool = False) -> bool:
    """Remove everything of a run; whether there was anything. An interrupt that comes meanwhile waits for it."""
    folder = _home() / name
    with uninterrupted():
        stays = set() if kept else {path.name.removesuffix(KEPT) for path in folder.glob(f"*{KEPT}")}
        things = _remove_things(name, stays)
        named = ("--filter", f"reference={name}-*", "--format", "{{.Repository}}:{{.Tag}}")
        built = [] if stays else docker.ask("image", "ls", *named).split()
        if built:
            docker.ask("image", "rm", "--force", *built)
        gone = [path for path in folder.glob("*") if path.name.removesuffix(KEPT) not in stays]
        for path in gone:
            path.unlink() if path.is_file() else remove_folder(path)
        if not stays:
            shutil.rmtree(folder, ignore_errors=True)
    return bool(things or built or gone)


def _remove_things(name: str, stays: set[str]) -> list[_Thing]:
    """What Docker held of a run, and holds no more; raises StackError for what cannot be removed."""
    found: list[_Thing] = []
    for last in (*[False] * (ROUNDS - 1), True):
        left = [thing for thing in _things() if thing.run == name and thing.project not in stays]
        found = found or left
        for thing in left:
            with nullcontext() if last else suppress(StackError):
                docker.ask(thing.kind, "rm", *HOW[thing.kind], thing.id)
    return found


def remove_folder(folder: Path) -> None:
    """Remove a folder, even where containers wrote as users of their own."""
    try:
        shutil.rmtree(folder)
    except PermissionError:
        helper.empty_folder(folder)
        shutil.rmtree(folder)


@contextmanager
def uninterrupted() -> Iterator[None]:
    """Hold SIGINT and SIGTERM back, from this process and the commands it runs, and be interrupted at the end."""
    held = (signal.SIGINT, signal.SIGTERM)
    received: list[int] = []
    before = {number: signal.signal(number, lambda one, _: received.append(one)) for number in held}
    signal.pthread_sigmask(signal.SIG_BLOCK, held)  # what commands inherit; other threads may still be sent one
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, held)
        for number, handler in before.items():
            signal.signal(number, handler)
    if received:
        raise KeyboardInterrupt


def _things() -> list[_Thing]:
    """Every container, network and volume that carries the name of a run, in the order in which they can be removed."""
    labels = "|".join(f'{{{{.Label "{label}"}}}}' for label in (RUN_LABEL, STACK_LABEL, DEADLINE_LABEL, HOME_LABEL))
    listed = {
        "container": docker.ask("container", "ls", "--all", *OURS, "--format", f"{{{{.ID}}}}|{labels}"),
        "network": docker.ask("network", "ls", *OURS, "--format", f"{{{{.ID}}}}|{labels}"),
        "volume": docker.ask("volume", "ls", *OURS, "--format", f"{{{{.Name}}}}|{labels}"),
    }
    told = [(kind, *line.split("|")) for kind, lines in listed.items() for line in lines.splitlines()]
    return [_Thing(*words) for words in told if len(words) == len(fields(_Thing)) and NAME.fullmatch(words[2])]


def _claimed(name: str, things: list[_Thing], claim: ExitStack) -> bool:
    """Whether a run is over and nobody else removes it: nobody has its folder locked.

    Without a folder it is over if it was of this machine, where a run at work has one, or if its time is.
    """
    try:
        claim.enter_context(locked(_home() / name, fcntl.LOCK_EX | fcntl.LOCK_NB))
    except FileNotFoundError:
        now = datetime.now(UTC).isoformat(timespec="seconds")
        return all(one.home == _address() or one.deadline < now for one in things if one.run == name)
    except OSError:  # at work (BlockingIOError), or another user's
        return False
    return True


def _is_ours(folder: Path) -> bool:
    seen = folder.lstat()
    return bool(NAME.fullmatch(folder.name)) and stat.S_ISDIR(seen.st_mode) and seen.st_uid == os.getuid()


def _home() -> Path:
    return Path(tempfile.gettempdir())


def _address() -> str:
    """Where the folders of runs of this machine are, for whoever shares the engine with others."""
    return f"{platform.node()}:{_home()}"


@contextmanager
def locked(folder: Path, how: int) -> Iterator[None]:
    """Hold a folder's flock(2) meanwhile; raises BlockingIOError where `how` says not to wait for it."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        fcntl.flock(descriptor, how)
        yield
    finally:
        os.close(descriptor)
