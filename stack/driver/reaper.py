"""The reaper removes what killed sessions left; a session at work holds a lock, and is left alone."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import signal
import stat
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, nullcontext, suppress
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from pathlib import Path

from stack.driver import docker, helper
from stack.driver.errors import StackError
from stack.driver.flock import locked
from stack.driver.labels import DEADLINE_LABEL, HOME_LABEL, KEPT, NAME, PREFIX, RUN_LABEL, STACK_LABEL, address, home
from stack.driver.swarm import membership

ROUNDS = 3  # one may be in the middle of being removed by somebody else
OURS = ("--filter", f"label={RUN_LABEL}")
REMOVING = {
    "service": ("service", "rm"),
    "container": ("container", "rm", "--force", "--volumes"),
    "network": ("network", "rm"),
    "volume": ("volume", "rm", "--force"),
    "secret": ("secret", "rm"),
    "config": ("config", "rm"),
}
OF_A_SWARM = ("service", "secret", "config", "node")  # a node carries the name of a run that began the swarm


@dataclass(frozen=True)
class _Thing:
    """Something of a run that Docker holds."""

    kind: str
    id: str
    run: str
    project: str
    deadline: str
    home: str


def sweep(*, kept: bool = False) -> list[str]:
    """Remove what runs left that are over, kept stacks as well if told so; the names of the runs concerned."""
    things, folders = _things(), {path.name for path in home().glob(f"{PREFIX}*") if _is_ours(path)}
    swept = []
    for name in sorted(folders | {thing.run for thing in things}):
        with ExitStack() as claim:
            if _claimed(name, things, claim) and remove(name, kept=kept):
                swept.append(name)
    return swept


def remove(name: str, *, kept: bool = False) -> bool:
    """Remove everything of a run; whether there was anything. An interrupt that comes meanwhile waits for it."""
    folder = home() / name
    with uninterrupted():
        stays = set() if kept else {path.name.removesuffix(KEPT) for path in folder.glob(f"*{KEPT}")}
        things = _remove_things(name, stays)
        references = (f"--filter=reference={name}-*", f"--filter=reference={name}-*/*")
        named = (*references, "--format", "{{.Repository}}:{{.Tag}}")
        built = [] if stays else docker.ask("image", "ls", *named).split()
        if built:
            docker.ask("image", "rm", "--force", *built)
        gone = [path for path in folder.glob("*") if path.name.removesuffix(KEPT) not in stays]
        for path in gone:
            remove_folder(path) if path.is_dir() and not path.is_symlink() else path.unlink()
        if not stays:
            shutil.rmtree(folder, ignore_errors=True)
    return bool(things or built or gone)


def _remove_things(name: str, stays: set[str]) -> list[_Thing]:
    """What Docker held of a run, and holds no more; raises StackError for what cannot be removed."""
    found: list[_Thing] = []
    for last in (*[False] * (ROUNDS - 1), True):
        left = [thing for thing in _things() if thing.run == name and not _is_kept(thing, stays)]
        found = found or left
        for thing in left:
            with nullcontext() if last else suppress(StackError):
                _remove_thing(thing)
    return found


def _is_kept(thing: _Thing, stays: set[str]) -> bool:
    """A stack on a swarm that the run began stays with that."""
    return thing.project in stays or (thing.kind == "node" and bool(stays))


def _remove_thing(thing: _Thing) -> None:
    """Of a swarm that a run began, the last: all else of it goes with the swarm."""
    if thing.kind == "node":
        membership.leave()
    else:
        docker.ask(*REMOVING[thing.kind], thing.id)


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
    """Everything that carries the name of a run, in the order in which it can be removed."""
    swarmed = [thing for kind in OF_A_SWARM for thing in _things_of_a_swarm(kind)] if membership.is_active() else []
    services = [thing for thing in swarmed if thing.kind == "service"]
    return [*services, *_things_here(), *(thing for thing in swarmed if thing not in services)]


def _things_of_a_swarm(kind: str) -> Iterator[_Thing]:
    wanted = (RUN_LABEL, STACK_LABEL, DEADLINE_LABEL, HOME_LABEL)
    ids = docker.ask(kind, "ls", "--quiet").split()
    for one in json.loads(docker.ask(kind, "inspect", *ids)) if ids else ():
        labels = one["Spec"].get("Labels") or {}
        if NAME.fullmatch(labels.get(RUN_LABEL, "")):
            yield _Thing(kind, one["ID"], *(labels.get(name, "") for name in wanted))


def _things_here() -> list[_Thing]:
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
        claim.enter_context(locked(home() / name, fcntl.LOCK_EX | fcntl.LOCK_NB))
    except FileNotFoundError:
        now = datetime.now(UTC).isoformat(timespec="seconds")
        return all(one.home == address() or one.deadline < now for one in things if one.run == name)
    except OSError:  # at work (BlockingIOError), or another user's
        return False
    return True


def _is_ours(folder: Path) -> bool:
    seen = folder.lstat()
    return bool(NAME.fullmatch(folder.name)) and stat.S_ISDIR(seen.st_mode) and seen.st_uid == os.getuid()
