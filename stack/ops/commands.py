"""What `invoke` does with the shipped stack, each command as steps told in order."""

from __future__ import annotations

import os
import shutil
import signal
import sys
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath

from rich.console import Console
from rich.table import Table

from checks.subject import profile
from checks.subject.profile import Subject
from checks.subject.stack import Stack
from stack import PROJECT_NAME, SHIPPED
from stack.driver import docker, engine_install, helper, reaper
from stack.driver import engine as engines
from stack.driver.errors import NotHealthyError, StackError, SubjectError
from stack.driver.images import inspect
from stack.driver.images import sources as image_sources
from stack.driver.images.bases import Source
from stack.driver.images.provision import provide
from stack.driver.progress import Board
from stack.ops import backup as backups
from stack.ops import healer_log
from stack.ops.prepare import prepare


def fixed(subject: Subject, project: str) -> Stack:
    """The stack of `invoke up`: the subject where it stands."""
    return Stack(subject, directory=subject.directory, project=project)


BACKUPS = SHIPPED / "backups"


def engine(*, stop: bool) -> None:
    with Board() as board:
        if stop:
            engine_install.stop(board.say)
            return
        found = engine_install.ensure(board.say)
    print(f"engine {found.engine}, Compose {found.compose}, Buildx {found.buildx}")


def images(sources: str, *, refresh: bool) -> None:
    chosen = image_sources.chosen(sources)
    if refresh:
        chosen = tuple(source for source in chosen if source is not Source.LOCAL)
    with Board() as board:
        engine_install.ensure(board.say)
        found = provide(board, chosen, refresh=refresh)
    for image in inspect.look_at(found).values():
        print(f"{image.reference}  ({image.source})")


def up(sources: str) -> None:
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    chosen = image_sources.chosen(sources)
    with Board() as board:
        engine_install.ensure(board.say)
        prepare(SHIPPED, board, chosen)
        stack = fixed(profile.read(SHIPPED), PROJECT_NAME)
        _refuse_another_clones()
        _up_or_nothing(stack, board)
    _show(stack)


def _up_or_nothing(stack: Stack, board: Board) -> None:
    """What is unhealthy stays, for a look at its logs; whatever else ends a first `up` leaves nothing behind."""
    was_there = helper.is_known(stack.project)
    try:
        stack.up(board)
    except NotHealthyError:
        raise
    except BaseException:
        if not was_there:
            board.say("removing what was started")
            stack.down()
        raise


def down(*, data: bool) -> None:
    stack = _prepared()
    stack.down(volumes=data)
    kept = SHIPPED / "data"
    if data:
        for folder in (kept, SHIPPED / "secrets"):
            if folder.exists():
                shutil.rmtree(folder)
        print("stack is down; its data and its secrets are removed")
    else:
        print(
            f"stack is down; its data is kept in {os.path.relpath(kept)} and the volumes "
            "prometheus-data, healer-data, warden-data"
        )


def backup(to: str) -> None:
    stack, began = _up(), datetime.now(UTC)
    file = Path(to) if to else BACKUPS / f"redis-{began:%Y%m%dT%H%M%SZ}.tar"
    size = backups.take(stack, file)
    print(f"{to or os.path.relpath(file)}: {size:,} bytes, with every write acknowledged before {began:%H:%M:%S} UTC")


def restore(file: str) -> None:
    stack = _up()
    kept = backups.put_back(stack, Path(file))
    print(f"Redis has the data of {file} again, and every service is healthy")
    if kept:
        print(f"what was there is kept in {os.path.relpath(SHIPPED / 'data' / 'redis' / PurePosixPath(kept).name)}")


def _up() -> Stack:
    """The shipped stack with containers; raises StackError where it has none."""
    stack = _prepared()
    if not helper.is_known(stack.project):
        raise StackError("the stack is not up", hint="`invoke up`")
    return stack


def status() -> None:
    stack = _prepared()
    _show(stack)
    for line in healer_log.told_of(stack.project, datetime.now(UTC)):
        sys.stdout.write(f"{line}\n")
    if stack.unwell():
        raise NotHealthyError("not every service is healthy", hint="`invoke logs` shows what every container said")


def logs(service: str) -> None:
    stack = _prepared()
    if service and service not in stack.services:
        raise SubjectError(f"there is no service `{service}`", hint=f"one of {', '.join(stack.services)}")
    for name in [service] if service else stack.services:
        for line in stack.logs(name).splitlines():
            sys.stdout.write(f"{name:<10} | {line}\n")


def sweep(*, kept: bool) -> None:
    engines.require()
    for name in reaper.sweep(kept=kept):
        print(f"removed what {name} left")


def _prepared() -> Stack:
    """The shipped stack, once `invoke up` was here."""
    if not (SHIPPED / ".env").exists():
        raise SubjectError("the stack was never brought up here", hint="`invoke up`")
    engines.require()
    _refuse_another_clones()
    return fixed(profile.read(SHIPPED), PROJECT_NAME)


def _refuse_another_clones() -> None:
    """Raises StackError where the containers of this name were started from another directory."""
    form = '{{.Label "com.docker.compose.project.working_dir"}}'
    homes = set(docker.ask("ps", "--all", *docker.of_project(PROJECT_NAME), "--format", form).splitlines())
    if others := homes - {str(SHIPPED)}:
        raise StackError(f"the stack is already there, from {min(others)}", hint="`invoke down` there first")


def _show(stack: Stack) -> None:
    """A small table on stdout: service, health, address, image and where it came from."""
    table = Table(box=None, pad_edge=False)
    for heading in ("service", "health", "address"):
        table.add_column(heading, no_wrap=True)
    for heading in ("image", "image source"):  # these give way in a narrow terminal
        table.add_column(heading, overflow="fold")
    for name, seen in stack.glance().items():
        image = stack.images[name]
        table.add_row(name, seen.health, ", ".join(seen.addresses) or "-", image.reference, image.source)
    Console(highlight=False, width=None if sys.stdout.isatty() else 200).print(table)
