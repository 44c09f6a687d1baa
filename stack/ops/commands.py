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

from stack import PROJECT_NAME, SHIPPED
from stack.driver import docker, engine_install, helper, reaper
from stack.driver import engine as engines
from stack.driver.containers import logs_of
from stack.driver.errors import NotHealthyError, StackError, SubjectError
from stack.driver.images import inspect
from stack.driver.images import sources as image_sources
from stack.driver.images.bases import Source
from stack.driver.images.provision import provide
from stack.driver.progress import Progress
from stack.driver.project import ComposeProject
from stack.driver.runners.compose import ComposeRunner
from stack.ops import backup as backups
from stack.ops import healer_log, swarm
from stack.ops.prepare import prepare

BACKUPS = SHIPPED / "backups"
REDIS = "redis"  # the service of compose.yaml whose data are backed up
LOGS_HINT = "`invoke logs` shows what every container said"


def engine(*, stop: bool) -> None:
    with Progress() as progress:
        if stop:
            engine_install.stop(progress.say)
            return
        found = engine_install.ensure(progress.say)
    print(f"engine {found.engine}, Compose {found.compose}, Buildx {found.buildx}")


def images(sources: str, *, refresh: bool) -> None:
    chosen = image_sources.chosen(sources)
    if refresh:
        chosen = tuple(source for source in chosen if source is not Source.LOCAL)
    with Progress() as progress:
        engine_install.ensure(progress.say)
        found = provide(progress, chosen, refresh=refresh)
    for image in inspect.look_at(found).values():
        print(f"{image.reference}  ({image.source})")


def up(sources: str) -> None:
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    chosen = image_sources.chosen(sources)
    with Progress() as progress:
        engine_install.ensure(progress.say)
        swarm.refuse_running()
        prepare(SHIPPED, progress, chosen)
        runner = _shipped()
        _refuse_another_clones()
        _up_or_nothing(runner, progress)
    _show(runner)


def _up_or_nothing(runner: ComposeRunner, progress: Progress) -> None:
    """What is unhealthy stays, for a look at its logs; whatever else ends a first `up` leaves nothing behind."""
    was_there = helper.is_known(runner.project.name)
    try:
        runner.up(progress)
    except NotHealthyError:
        raise
    except BaseException:
        if not was_there:
            progress.say("removing what was started")
            runner.down()
        raise


def down(*, data: bool) -> None:
    runner = _prepared()
    runner.down(volumes=data)
    kept = SHIPPED / "data"
    if data:
        for folder in (kept, SHIPPED / "secrets"):
            if folder.exists():
                shutil.rmtree(folder)
        print("stack is down; its data and its secrets are removed")
    else:
        print(
            f"stack is down; its data is kept in {os.path.relpath(kept)} and the volumes "
            "prometheus-data, healer-data, watchdog-data"
        )


def backup(to: str) -> None:
    runner, began = _up(), datetime.now(UTC)
    file = Path(to) if to else BACKUPS / f"redis-{began:%Y%m%dT%H%M%SZ}.tar"
    size = backups.take(runner, REDIS, file)
    print(f"{to or os.path.relpath(file)}: {size:,} bytes, with every write acknowledged before {began:%H:%M:%S} UTC")


def restore(file: str) -> None:
    runner = _up()
    kept = backups.put_back(runner, REDIS, Path(file))
    print(f"Redis has the data of {file} again, and every service is healthy")
    if kept:
        print(f"what was there is kept in {os.path.relpath(SHIPPED / 'data' / 'redis' / PurePosixPath(kept).name)}")


def _up() -> ComposeRunner:
    """The shipped stack with containers; raises StackError where it has none."""
    runner = _prepared()
    if not helper.is_known(runner.project.name):
        raise StackError("the stack is not up", hint="`invoke up`")
    return runner


def status() -> None:
    runner = _prepared()
    _show(runner)
    for line in healer_log.told_of(runner.project.name, datetime.now(UTC)):
        sys.stdout.write(f"{line}\n")
    if runner.unhealthy():
        raise NotHealthyError("not every service is healthy", hint=LOGS_HINT)


def logs(service: str) -> None:
    runner = _prepared()
    if service and service not in runner.project.services:
        raise SubjectError(f"there is no service `{service}`", hint=f"one of {', '.join(runner.project.services)}")
    for name in [service] if service else runner.project.services:
        for line in logs_of(runner.container(name)).splitlines():
            sys.stdout.write(f"{name:<10} | {line}\n")


def sweep(*, kept: bool) -> None:
    engines.require()
    for name in reaper.sweep(kept=kept):
        print(f"removed what {name} left")


def _prepared() -> ComposeRunner:
    """The shipped stack, once `invoke up` was here."""
    if not (SHIPPED / ".env").exists():
        raise SubjectError("the stack was never brought up here", hint="`invoke up`")
    engines.require()
    swarm.refuse_running()
    _refuse_another_clones()
    return _shipped()


def _shipped() -> ComposeRunner:
    return ComposeRunner(ComposeProject(SHIPPED, "compose.yaml", PROJECT_NAME), hint=LOGS_HINT)


def _refuse_another_clones() -> None:
    """Raises StackError where the containers of this name were started from another directory."""
    form = '{{.Label "com.docker.compose.project.working_dir"}}'
    homes = set(docker.ask("ps", "--all", *docker.of_project(PROJECT_NAME), "--format", form).splitlines())
    if others := homes - {str(SHIPPED)}:
        raise StackError(f"the stack is already there, from {min(others)}", hint="`invoke down` there first")


def _show(runner: ComposeRunner) -> None:
    """A small table on stdout: service, health, address, image and where it came from."""
    table = Table(box=None, pad_edge=False)
    for heading in ("service", "health", "address"):
        table.add_column(heading, no_wrap=True)
    for heading in ("image", "image source"):  # these give way in a narrow terminal
        table.add_column(heading, overflow="fold")
    for name, seen in runner.status().items():
        image = runner.images[name]
        table.add_row(name, seen.health, ", ".join(seen.addresses) or "-", image.reference, image.source)
    Console(highlight=False, width=None if sys.stdout.isatty() else 200).print(table)
