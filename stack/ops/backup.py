"""Backups of Redis' data: a tar of its append-only file, taken while it works, and put back while it is stopped."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import NamedTemporaryFile

from stack.driver import reaper
from stack.driver.errors import BackupError, no_room
from stack.driver.runners.protocol import Runner
from stack.ops import aof_copy
from stack.ops.agents import aof_archive


def take(runner: Runner, service: str, file: Path) -> int:
    """Write a new backup of the Redis `service`: every write acknowledged before this began; gives its bytes.

    It is open to its owner alone. Raises BackupError where there is such a file already or none can be written,
    DiskFullError, or StackError where Redis has no container or no append-only file.
    """
    with _told("written", file):
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with NamedTemporaryFile(dir=file.parent, prefix=f".{file.name}.") as unfinished:  # mode 0600, and nobody's link
            aof_copy.copy_append_only_file(runner.project.labels, *_where(runner, service), unfinished)
            os.fsync(unfinished.fileno())
            os.link(unfinished.name, file)  # which replaces nothing
    return file.stat().st_size


def put_back(runner: Runner, service: str, file: Path) -> str:
    """Stop Redis, replace its append-only file by that of a backup, start it, and wait until all is healthy.

    Gives where what was there is kept, as Redis' container sees it, and '' if there was nothing. Raises BackupError for
    a file that is no whole backup, and StackError; what was there stays then. An interrupt waits until Redis runs.
    """
    refuse_damaged(file)
    with _told("read", file), file.open("rb") as given, reaper.uninterrupted():
        runner.stop(service)
        try:
            kept = aof_copy.put_append_only_file_back(runner.project.labels, *_where(runner, service), given)
        finally:
            runner.start(service)
    runner.wait_until_healthy()
    return kept


def refuse_damaged(file: Path) -> None:
    """Raises BackupError for a file that is no whole backup."""
    with _told("read", file), file.open("rb") as given:
        try:
            aof_archive.read(given)
        except aof_archive.DamagedError as problem:
            raise BackupError(f"{file} is no whole backup: {problem}", hint="nothing was changed") from problem


def _where(runner: Runner, service: str) -> tuple[str, list[str]]:
    """Redis' container, and the folders mounted into it that it may write to."""
    container = runner.container(service)
    return container.id, [str(mount.destination) for mount in container.mounts if mount.rw]


@contextmanager
def _told(done: str, file: Path) -> Iterator[None]:
    try:
        yield
    except OSError as problem:
        if problem.errno == errno.ENOSPC:
            raise no_room(f"{file} could not be {done}") from problem
        raise BackupError(f"{file} cannot be {done}: {problem.strerror}") from problem
