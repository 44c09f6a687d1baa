"""What a person does with the stack: `invoke --list`."""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable
from pathlib import Path

from invoke.context import Context
from invoke.exceptions import Exit
from invoke.tasks import task

from stack import SHIPPED
from stack.driver.errors import StackError
from stack.ops import commands
from stack.ops import swarm as on_swarm

ON_SWARM = {"swarm": "the stack on Swarm, as `invoke up --swarm` brings it up"}
SOURCES = {"sources": "where images may come from, in this order (default: local,registry,packages)"}


def reports_errors(command: Callable[..., None]) -> Callable[..., None]:
    """A problem is told in a sentence on stderr, with its exit code; Ctrl-C ends in 130."""

    @functools.wraps(command)
    def run(context: Context, **options: str | bool) -> None:
        try:
            command(context, **options)
        except StackError as problem:
            raise Exit(str(problem), code=problem.exit_code) from problem
        except KeyboardInterrupt as interrupt:
            raise Exit("interrupted", code=130) from interrupt

    return run


@task(help={"stop": "stop this machine's engine instead"})
@reports_errors
def engine(_: Context, stop: bool = False) -> None:
    """Find a Docker engine, or provide one from the distribution's packages."""
    commands.engine(stop=stop)


@task(help=SOURCES | {"refresh": "make or pull every image again, even those that are here"})
@reports_errors
def images(_: Context, sources: str = "", refresh: bool = False) -> None:
    """See to it that every image of the stack is here."""
    commands.images(sources, refresh=refresh)


@task(help=SOURCES | ON_SWARM | {"init": "on Swarm, in a new one of this machine alone, which `down --swarm` ends"})
@reports_errors
def up(_: Context, sources: str = "", swarm: bool = False, init: bool = False) -> None:
    """Bring the stack up, healthy, and say where it is."""
    on_swarm.up(sources, init=init) if swarm or init else commands.up(sources)


@task(help=ON_SWARM | {"data": "remove data and secrets as well"})
@reports_errors
def down(_: Context, data: bool = False, swarm: bool = False) -> None:
    """Take the stack down; its data stays unless told otherwise."""
    on_swarm.down(data=data) if swarm else commands.down(data=data)


@task(help=SOURCES | {"swarm": "as a stack file for `docker stack deploy` (there is no other form)"})
@reports_errors
def render(_: Context, sources: str = "", swarm: bool = False) -> None:
    """Print the stack as another orchestrator takes it; deploys nothing."""
    on_swarm.render(sources, swarm=swarm)


@task(help={"to": "the file to write (default: a new one in stack/backups)"})
@reports_errors
def backup(_: Context, to: str = "") -> None:
    """Write Redis' data to a file, while everything works."""
    commands.backup(to)


@task(help={"file": "what `invoke backup` wrote"})
@reports_errors
def restore(_: Context, file: str) -> None:
    """Put a backup back in place of Redis' data, which are kept in another."""
    commands.restore(file)


@task(help=ON_SWARM)
@reports_errors
def status(_: Context, swarm: bool = False) -> None:
    """Show every service: health, address, image and its source."""
    on_swarm.status() if swarm else commands.status()


@task(help={"service": "only this one"})
@reports_errors
def logs(_: Context, service: str = "") -> None:
    """Show what the containers said."""
    commands.logs(service)


STACK = {"stack": "a Compose project: its directory or file (default: the one that ships)"}


@task(help=STACK | {"runner": "by whom the project is run: compose (default) or swarm"})
@reports_errors
def describe(_: Context, stack: str = "", runner: str = "compose") -> None:
    """Say what a run would look at in a project: roles, checks, what it lacks, how long. Starts nothing."""
    from checks.harness.describe import described  # it loads every check, which no other task needs

    sys.stdout.write(described(Path(stack) if stack else SHIPPED, runner))


@task(help={"stack": "a Compose project: its directory or file"})
@reports_errors
def remedy(_: Context, stack: str) -> None:
    """Print a patch for `git apply` that mends what a project's files show to be broken; changes nothing."""
    from checks.harness.remedy import told

    sys.stdout.write(told(Path(stack)))


@task(help={"to": "a folder that is to be made"})
@reports_errors
def healer(_: Context, to: str) -> None:
    """Write our healer as a Compose file that another project includes."""
    from checks.command.example import told_of_the_healer

    sys.stdout.write(told_of_the_healer(Path(to)))


@task(help={"stack": "a Compose project: its directory or file"})
@reports_errors
def init(_: Context, stack: str) -> None:
    """Write a commented compliance.toml for a project, with what was found in it; one that is there stays."""
    from checks.roles.prometheus.configuration import scraped_at
    from checks.subject.new_profile import write

    sys.stdout.write(f"wrote {write(Path(stack), scraped_at)}\n")


@task(help={"kept": "the stacks that `--keep` kept as well"})
@reports_errors
def sweep(_: Context, kept: bool = False) -> None:
    """Remove what checks left that were killed."""
    commands.sweep(kept=kept)
