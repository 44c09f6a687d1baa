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
from dataclasses import replace
from pathlib import Path

from checks.subject.dangers import Files, dangers
from checks.subject.left_out import ignoring
from checks.subject.plain import plain
from checks.subject.profile import LEFT_OUT_ALWAYS, Subject
from checks.subject.stack import Stack, stack_of
from checks.subject.start import budget
from checks.subject.trust import preparation
from stack import ROOT
from stack.driver import helper, reaper
from stack.driver.errors import SubjectError, last_lines
from stack.driver.progress import Progress
from stack.driver.project import Config
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
    base = run.folder / project
    directory = place_in(base, subject)
    stack = stack_of(subject, subject.project_in(directory, project, run.labels(project)))
    try:
        _copy(subject, directory)
        _prepare(subject, directory, progress)
        refuse_odd_names(stack.project.config)
        subject.trust.require(dangers(stack.project.config, Files(project=base)))
        refuse_shared_data(stack.project.config, base)
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

    def there(path: Path) -> Path:
        return Path(os.path.normpath(directory / os.path.relpath(path, subject.directory)))

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


def _copy(subject: Subject, directory: Path) -> None:
    """The subject's directory, and each file and folder that it reaches above, at the same place beside the copy."""
    for path in subject.reached:
        _copy_one(path, Path(os.path.normpath(directory / os.path.relpath(path, subject.directory))), subject)
    _copy_one(subject.directory, directory, subject)


def _copy_one(source: Path, target: Path, subject: Subject) -> None:
    """Owners and modes are kept, links stay links; what is no file (a socket, a pipe) is made anew by who needs it."""
    left_out = ignoring(*LEFT_OUT_ALWAYS, *subject.leave_out)

    def ignored(folder: str, names: list[str]) -> set[str]:
        return {*left_out(folder, names), *(name for name in names if not _can_be_copied(Path(folder, name)))}

    try:
        if source.is_dir():
            shutil.copytree(
                source, target, ignore=ignored, dirs_exist_ok=True, symlinks=True, copy_function=_with_owner
            )
            _give_folders(source, target)
        else:
            target.parent.mkdir(parents=True, exist_ok=True)
            _with_owner(str(source), str(target))
    except (OSError, shutil.Error) as problem:
        raise SubjectError(f"{source} could not be copied: {problem}") from problem


def _can_be_copied(path: Path) -> bool:
    return path.is_symlink() or path.is_file() or path.is_dir()


def _give_folders(source: Path, target: Path) -> None:
    for folder, _, _ in os.walk(target) if os.geteuid() == 0 else ():
        owner = (source / os.path.relpath(folder, target)).stat()
        os.chown(folder, owner.st_uid, owner.st_gid)


def _with_owner(source: str, target: str) -> str:
    """Whoever runs in the container finds its files its own; only root can give files away."""
    shutil.copy2(source, target, follow_symlinks=False)
    if os.geteuid() == 0:
        owner = Path(source).lstat()
        os.chown(target, owner.st_uid, owner.st_gid, follow_symlinks=False)
    return target


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
            reaper.remove_folder(base_of(stack))
