"""A fresh copy of a subject: copied, prepared, detached from the original, and removed."""

from __future__ import annotations

import os
import re
import secrets
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from checks.subject.dangers import Files, dangers
from checks.subject.outside import lead_to_the_original
from checks.subject.plain import plain
from checks.subject.profile import LEFT_OUT_ALWAYS, Subject
from checks.subject.stack import Stack, stack_of
from checks.subject.start import budget
from checks.subject.trust import preparation
from stack import ROOT
from stack.driver import helper, reaper
from stack.driver.errors import SubjectError, last_lines
from stack.driver.progress import Progress
from stack.driver.project import ComposeProject, Config
from stack.driver.session import Session

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
MOST_SERVICES = 200


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
    directory = run.folder / project
    directory.mkdir()
    stack = stack_of(subject, ComposeProject(directory, subject.compose_file.name, project, run.labels(project)))
    try:
        _copy(subject, directory)
        _prepare(subject, directory, progress)
        lead_to_the_original(stack.project, ComposeProject(subject.directory, subject.compose_file.name, project))
        refuse_odd_names(stack.project.config)
        subject.trust.require(dangers(stack.project.config, Files(project=directory)))
        refuse_shared_data(stack.project.config, directory)
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
    directory = run.folder / f"{run.name}-{secrets.token_hex(4)}"
    directory.mkdir()
    try:
        _copy(subject, directory)
        _prepare(subject, directory, progress)
        yield directory
    finally:
        reaper.remove_folder(directory)


def _copy(subject: Subject, directory: Path) -> None:
    left_out = shutil.ignore_patterns(*LEFT_OUT_ALWAYS, *subject.leave_out)
    try:
        shutil.copytree(subject.directory, directory, ignore=left_out, dirs_exist_ok=True, symlinks=True)
    except (OSError, shutil.Error) as problem:
        raise SubjectError(f"{subject.directory} could not be copied: {problem}") from problem


def _prepare(subject: Subject, directory: Path, progress: Progress) -> None:
    """Run what the profile names on this machine, with this project's Python first on the PATH, if it is trusted."""
    if not subject.prepare:
        return
    subject.trust.require(preparation(subject.prepare))
    search = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
    environment = os.environ | {"PYTHONPATH": str(ROOT), "PATH": search}
    progress.show("prepare", plain(shlex.join(subject.prepare)))
    try:
        done = subprocess.run(
            subject.prepare, cwd=directory, env=environment, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
        )
    except OSError as problem:
        raise SubjectError(f"`prepare` cannot be run: {problem}") from problem
    if done.returncode != 0:
        raise SubjectError(f"`prepare` ended with {done.returncode}", details=last_lines(done.stderr, 8))


def refuse_shared_data(config: Config, directory: Path) -> None:
    """Raises SubjectError for a directory outside the copy that a service could write to: the original's data."""
    for service, spec in config["services"].items():
        for mount in spec.get("volumes") or ():
            source = Path(os.path.realpath(directory / str(mount.get("source", ""))))
            inside = source.is_relative_to(os.path.realpath(directory)) or source.is_socket()
            outside = mount["type"] == "bind" and not inside
            if outside and not mount.get("read_only"):
                raise SubjectError(
                    f"service `{service}` mounts {source}, which a fresh copy of the stack would write to as well",
                    hint="mount a directory below the Compose file, or a named volume, or mount it read-only",
                )
    for name, volume in (config.get("volumes") or {}).items():
        options = (volume or {}).get("driver_opts") or {}
        if options.get("device") and options.get("type") != "tmpfs":
            raise SubjectError(
                f"volume `{name}` is {options['device']}, which a fresh copy of the stack would write to as well",
                hint="let the engine say where the volume lies",
            )


def refuse_odd_names(config: Config) -> None:
    """Raises SubjectError for a service whose name Docker would take for an option, or for more than can be judged."""
    if odd := [name for name in config["services"] if not NAME.fullmatch(name)]:
        raise SubjectError(f"service `{plain(odd[0])}`: its name is to begin with a letter or a digit")
    if len(config["services"]) > MOST_SERVICES:
        raise SubjectError(f"{len(config['services'])} services are too many to judge: at most {MOST_SERVICES}")


def _remove(stack: Stack) -> None:
    """Everything of a fresh stack, its folder last; an interrupt that comes meanwhile waits for it."""
    with reaper.uninterrupted():
        try:
            if helper.is_known(stack.project.name):
                stack.runner.down(volumes=True)
        finally:
            reaper.remove_folder(stack.project.directory)
