"""A fresh copy of a subject: copied, prepared, detached from the original, and removed."""

from __future__ import annotations

import os
import secrets
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from checks.subject.profile import LEFT_OUT_ALWAYS, Subject
from checks.subject.stack import Stack, stack_of
from stack import ROOT
from stack.driver import helper, reaper
from stack.driver.errors import SubjectError, last_lines
from stack.driver.progress import Progress
from stack.driver.project import ComposeProject, Config
from stack.driver.session import Session


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
    it tells whether the stack is to be kept. Otherwise, whatever happens, nothing of it is left behind. Without
    `started` it is all ready and not up.
    """
    project = f"{run.name}-{secrets.token_hex(4)}"
    directory = run.folder / project
    directory.mkdir()
    stack = stack_of(subject, ComposeProject(directory, subject.compose_file.name, project, run.labels(project)))
    try:
        _copy(subject, directory)
        _prepare(subject, directory, progress)
        _refuse_shared_data(stack.project.config, directory)
        stack.project.detach()
        for step in before_start:
            step(stack)
        if started:
            stack.runner.up(progress)
        yield stack
    finally:
        kept = False
        try:
            kept = last_look(stack)
        finally:
            run.keep(project) if kept else _remove(stack)


def _copy(subject: Subject, directory: Path) -> None:
    left_out = shutil.ignore_patterns(*LEFT_OUT_ALWAYS, *subject.leave_out)
    try:
        shutil.copytree(subject.directory, directory, ignore=left_out, dirs_exist_ok=True, symlinks=True)
    except (OSError, shutil.Error) as problem:
        raise SubjectError(f"{subject.directory} could not be copied: {problem}") from problem


def _prepare(subject: Subject, directory: Path, progress: Progress) -> None:
    """Session what the profile names, with this project's Python first on the PATH."""
    if not subject.prepare:
        return
    search = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
    environment = os.environ | {"PYTHONPATH": str(ROOT), "PATH": search}
    progress.show("prepare", " ".join(subject.prepare))
    try:
        done = subprocess.run(
            subject.prepare, cwd=directory, env=environment, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
        )
    except OSError as problem:
        raise SubjectError(f"`prepare` cannot be run: {problem}") from problem
    if done.returncode != 0:
        raise SubjectError(f"`prepare` ended with {done.returncode}", details=last_lines(done.stderr, 8))


def _refuse_shared_data(config: Config, directory: Path) -> None:
    """Raises SubjectError for a directory outside the copy that a service could write to: the original's data."""
    for service, spec in config["services"].items():
        for mount in spec.get("volumes") or ():
            source = Path(os.path.normpath(str(mount.get("source", ""))))
            outside = mount["type"] == "bind" and not source.is_relative_to(directory) and not source.is_socket()
            if outside and not mount.get("read_only"):
                raise SubjectError(
                    f"service `{service}` mounts {source}, which a fresh copy of the stack would write to as well",
                    hint="mount a directory below the Compose file, or a named volume, or mount it read-only",
                )


def _remove(stack: Stack) -> None:
    """Everything of a fresh stack, its folder last; an interrupt that comes meanwhile waits for it."""
    with reaper.uninterrupted():
        try:
            if helper.is_known(stack.project.name):
                stack.runner.down(volumes=True)
        finally:
            reaper.remove_folder(stack.project.directory)
