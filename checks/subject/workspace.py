"""A fresh copy of a subject: copied, prepared, detached from the original, and removed."""

from __future__ import annotations

import fcntl
import functools
import json
import os
import re
import secrets
import shlex
import shutil
import subprocess
import sys
import tempfile
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from checks.core.runner import SWARM
from checks.subject import on_swarm, read_by
from checks.subject.copies import LINKED_FROM, copy_tree
from checks.subject.dangers import Files, dangers
from checks.subject.plain import plain
from checks.subject.profile import Subject
from checks.subject.shared_data import refuse_shared_data
from checks.subject.stack import Stack, stack_of
from checks.subject.start import budget
from checks.subject.trust import preparation
from stack import ROOT
from stack.driver import helper, reaper, timed
from stack.driver.errors import SubjectError, last_lines
from stack.driver.flock import locked
from stack.driver.progress import Progress
from stack.driver.project import Config, replicas_of
from stack.driver.session import Session

ORIGINALS = "originals"  # in the folder of a run
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
MOST_SERVICES = 200  # and containers, of those that are to be there several times
MOST_PORTS = 1000  # for each of which the engine keeps a process
PREPARE_SECONDS = 1800.0  # images that are built from nothing take minutes
TIDY_SECONDS = 5.0
LAST_BYTES = 4096


@contextmanager
def fresh(
    subject: Subject,
    progress: Progress,
    run: Session,
    *before_start: Callable[[Stack], None],
    last_look: Callable[[Stack], bool] = lambda _: False,
    started: bool = True,
) -> Iterator[Stack]:
    """A stack of its own, up and healthy: own name, own copy of the directory, ephemeral loopback ports.

    Each of `before_start` is called on it before it starts, and `last_look` at the end, even where it did not come up;
    it tells whether the stack is to be kept. Otherwise, unless it was left to the end of the run, nothing of it is left
    behind, whatever happens. Without `started` it is all ready and not up.
    """
    project = f"{run.name}-{secrets.token_hex(4)}"
    base = run.folder / project
    directory = place_in(base, subject)
    stack = stack_of(subject, subject.project_in(directory, project, run.labels(project)))
    try:
        _copy_from(run.folder / ORIGINALS, subject, base)
        _prepare(subject, directory, progress)
        refuse_odd_names(stack.project.config)
        subject.trust.require(dangers(stack.project.config, Files(project=base)))
        refuse_shared_data(stack.project.config, base)
        if subject.runner == SWARM:
            on_swarm.leave_out_healers(stack.project)
        stack.project.detach()
        for step in before_start:
            step(stack)
        if started:
            start(stack, progress)
        yield stack
    finally:
        kept = False
        try:
            kept = last_look(stack)
        finally:
            if kept:
                run.keep(project)
            elif not run.is_left(project):
                _remove(stack)


def start(stack: Stack, progress: Progress) -> None:
    """Start a stack that is ready, in the time that it may take."""
    stack.runner.up(progress, within=budget(stack.project.config, stack.subject.start_seconds))


@contextmanager
def prepared(subject: Subject, progress: Progress, run: Session) -> Iterator[Path]:
    """A copy of a subject in which what its profile names was run: for who reads its files, and starts nothing."""
    base = run.folder / f"{run.name}-{secrets.token_hex(4)}"
    directory = place_in(base, subject)
    try:
        _copy(subject, directory)
        _prepare(subject, directory, progress)
        yield directory
    finally:
        reaper.remove_folder(base)


def copied(subject: Subject, base: Path) -> Subject:
    """The same subject in a copy below `base`, to be changed at will."""
    directory = place_in(base, subject)
    _copy(subject, directory)
    there = functools.partial(_in_copy, subject, directory)
    return replace(
        subject,
        compose_file=there(subject.compose_file),
        more_files=None if subject.more_files is None else tuple(map(there, subject.more_files)),
        started_in=there(subject.started_in) if subject.started_in else None,
    )


def place_in(base: Path, subject: Subject) -> Path:
    """Where in `base` a copy of the subject's directory lies: as deep as what the subject reaches is above it."""
    return base / subject.directory.relative_to(subject.root)


def base_of(stack: Stack) -> Path:
    """The folder of a fresh stack, which has its name: the copy stands in it, or deeper with what it reaches above."""
    directory = stack.project.directory
    return next(folder for folder in (directory, *directory.parents) if folder.name == stack.project.name)


def _copy_from(originals: Path, subject: Subject, base: Path) -> None:
    """The subject's directory, and what it reaches above, from the copy of it that the run made first.

    So each stack of a run is of the same files, and a link can only lead to what is ours: not to the original.
    """
    originals.mkdir(mode=0o700, exist_ok=True)
    first = originals / f"{zlib.crc32(repr((subject.root, subject.files, subject.leave_out)).encode()):08x}"
    with locked(originals, fcntl.LOCK_EX):
        if not first.exists():
            _make_first(subject, first)
    links = {*map(Path, json.loads(_links_of(first).read_text()))}
    _told(first, functools.partial(copy_tree, first, base, lambda _: True, lambda path: path in links))


def _make_first(subject: Subject, first: Path) -> None:
    """The run's own copy, and beside it which of its files other copies may share; there at once, or not at all."""
    unfinished, read = first.with_suffix(".unfinished"), read_by.wanted(subject)
    shutil.rmtree(unfinished, ignore_errors=True)
    _copy(subject, place_in(unfinished, subject), read)
    large = [path for path in unfinished.rglob("*") if not path.is_symlink() and path.stat().st_size >= LINKED_FROM]
    inside = [path.relative_to(unfinished) for path in large if path.is_file()]
    links = [str(first / path) for path in inside if read and read.may_be_linked(subject.root / path)]
    _links_of(first).write_text(json.dumps(links))
    unfinished.rename(first)


def _links_of(first: Path) -> Path:
    return first.with_suffix(".links.json")


def _copy(subject: Subject, directory: Path, read: read_by.Read | None = None) -> None:
    """The subject's directory, and each file and folder that it reaches above, at the same place beside the copy.

    All of them, or what is read of them.
    """
    is_out = read_by.left_out(subject)

    def wants(path: Path) -> bool:
        return not is_out(path) and (read is None or read.wants(path))

    for path in (*subject.reached, subject.directory):
        _told(path, functools.partial(copy_tree, path, _in_copy(subject, directory, path), wants, lambda _: False))


def _in_copy(subject: Subject, directory: Path, path: Path) -> Path:
    """Where what lies at a path, in the subject or above it, lies with the copy of its directory."""
    return Path(os.path.normpath(directory / os.path.relpath(path, subject.directory)))


def _told(source: Path, copying: Callable[[], None]) -> None:
    try:
        copying()
    except OSError as problem:
        raise SubjectError(f"{source} could not be copied: {problem}") from problem


def _prepare(subject: Subject, directory: Path, progress: Progress) -> None:
    """Run what the profile names on this machine, with this project's Python first on the PATH, if it is trusted."""
    if not subject.prepare:
        return
    subject.trust.require(preparation(subject.prepare))
    search = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
    environment = os.environ | {"PYTHONPATH": str(ROOT), "PATH": search}
    progress.show("prepare", plain(shlex.join(subject.prepare)))
    with tempfile.TemporaryFile() as said:
        code = _ended(subject.prepare, directory, environment, said.fileno())
        if code != 0:
            said.seek(max(0, said.seek(0, os.SEEK_END) - LAST_BYTES))
            details = last_lines(said.read().decode(errors="replace"), 8)
            raise SubjectError(f"`prepare` ended with {code}", details=details)


def _ended(command: Sequence[str], directory: Path, environment: Mapping[str, str], said: int) -> int:
    """The exit code of a command whose words are kept; raises SubjectError for one that cannot be run, or goes on."""
    try:
        code = timed.exit_code(
            command, PREPARE_SECONDS, environment=environment, out=subprocess.DEVNULL, beside=said, folder=directory,
            tidy_seconds=TIDY_SECONDS,
        )  # fmt: skip
    except OSError as problem:
        raise SubjectError(f"`prepare` cannot be run: {problem}") from problem
    if code is None:
        raise SubjectError(f"`prepare` did not end within {PREPARE_SECONDS:g} s")
    return code


def refuse_odd_names(config: Config) -> None:
    """Raises SubjectError for a service whose name Docker would take for an option, or for more than can be judged."""
    if odd := [name for name in config["services"] if not NAME.fullmatch(name)]:
        raise SubjectError(f"service `{plain(odd[0])}`: its name is to begin with a letter or a digit")
    containers = sum(max(1, replicas_of(spec)) for spec in config["services"].values())
    for many, most, what in (
        (len(config["services"]), MOST_SERVICES, "services"),
        (containers, MOST_SERVICES, "containers"),
        (sum(len(spec.get("ports") or ()) for spec in config["services"].values()), MOST_PORTS, "published ports"),
    ):
        if many > most:
            raise SubjectError(f"{many} {what} are too many to judge: at most {most}")


def _remove(stack: Stack) -> None:
    """Everything of a fresh stack, its folder last; an interrupt that comes meanwhile waits for it."""
    with reaper.uninterrupted():
        try:
            if helper.is_known(stack.project.name):
                stack.runner.down(volumes=True)
        finally:
            reaper.remove_folder(base_of(stack))
