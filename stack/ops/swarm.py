"""What `invoke` does with the shipped stack on Swarm: the same Compose file, rendered."""

from __future__ import annotations

import os
import shutil
import signal
import sys
from pathlib import Path

from rich.console import Console
from rich.table import Table

from stack import PROJECT_NAME, SHIPPED
from stack.driver import docker, engine_install, helper
from stack.driver import engine as engines
from stack.driver.errors import NotHealthyError, StackError, SubjectError
from stack.driver.images import sources as image_sources
from stack.driver.progress import Progress
from stack.driver.project import ComposeProject
from stack.driver.swarm import deployed, kernel, membership, stack_file
from stack.ops.prepare import prepare
from stack.ops.rendering import DERIVED, rendered


def render(sources: str, *, swarm: bool) -> None:
    """Print the stack file; what it names is here afterwards."""
    if not swarm:
        raise SubjectError("Compose reads stack/compose.yaml as it is", hint="`invoke render --swarm`")
    chosen = image_sources.chosen(sources)
    with Progress() as progress:
        engine_install.ensure(progress.say)
        prepare(SHIPPED, progress, chosen)
        nodes = len(membership.nodes()) if membership.is_active() else 1
    sys.stdout.write(_rendered(nodes).as_yaml())


def up(sources: str, *, init: bool) -> None:
    """Deploy it and wait for its health; what is unhealthy stays, and a swarm begun for nothing else is ended again."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    chosen = image_sources.chosen(sources)
    with Progress() as progress:
        engine_install.ensure(progress.say)
        _refuse_composes()
        new = membership.require(begin=init)
        try:
            _refuse_another_clones()
            prepare(SHIPPED, progress, chosen)
            _deploy(progress)
        except NotHealthyError:
            raise
        except BaseException:
            if new:
                progress.say("removing what was started")
                _take_down()
                membership.end_if_ours()
            raise
    _show(deployed.services(PROJECT_NAME))


def _deploy(progress: Progress) -> None:
    file = _rendered(len(membership.nodes()))
    for note in file.notes:
        progress.say(note)
    for label in membership.pin(file.labels):
        progress.say(f"the data of {label.partition('.')[2]} is on this node from now on (its label {label})")
    deployed.deploy(file, PROJECT_NAME, progress)


def down(*, data: bool) -> None:
    """Take it down, and leave a swarm that `up --init` made."""
    _require_manager()
    _refuse_another_clones()
    _take_down()
    if data:
        membership.unpin(PROJECT_NAME)
        _remove_data()
    left = membership.end_if_ours()
    kept = "its data and secrets are removed" if data else f"its data is kept in {os.path.relpath(SHIPPED / 'data')}"
    print(f"stack is down; {kept}{'; the swarm that was made for it is left' if left else ''}")


def _take_down() -> None:
    if deployed.services(PROJECT_NAME):
        deployed.remove(PROJECT_NAME)


def status() -> None:
    """Every service, its tasks and where they are; raises NotHealthyError where some are missing."""
    _require_manager()
    seen = deployed.services(PROJECT_NAME)
    if not seen:
        raise StackError("the stack is not up on this swarm", hint="`invoke up --swarm`")
    _show(seen)
    if ill := [f"{one.name}: {one.why or one.update or 'a task is missing'}" for one in seen if not one.well]:
        raise NotHealthyError("not every service is healthy", details=tuple(ill))


def refuse_running() -> None:
    """Raises StackError where the stack runs on Swarm here: two Redis on the same data would destroy it."""
    if docker.ask("ps", "--quiet", *deployed.of_stack(PROJECT_NAME)):
        raise StackError("the stack runs on Swarm here", hint="`invoke down --swarm` first")


def _rendered(nodes: int) -> stack_file.StackFile:
    return rendered(_project(), nodes, kernel.seen())


def _require_manager() -> None:
    engines.require()
    membership.require(begin=False)


def _refuse_composes() -> None:
    if helper.is_known(PROJECT_NAME):
        raise StackError("the stack is there already, run by Compose", hint="`invoke down` first; its data is kept")


def _refuse_another_clones() -> None:
    folders = [folder for one in deployed.services(PROJECT_NAME) for folder in one.folders]
    if others := [folder for folder in folders if not Path(folder).is_relative_to(SHIPPED)]:
        raise StackError(
            f"the stack is already there, with its data in {others[0]}", hint="`invoke down --swarm` there"
        )


def _remove_data() -> None:
    volumes = _project().config.get("volumes") or {}
    docker.ask("volume", "rm", "--force", *(spec["name"] for spec in volumes.values()))
    for folder in (SHIPPED / "data", SHIPPED / "secrets", SHIPPED / DERIVED):
        if folder.exists():
            shutil.rmtree(folder)


def _project() -> ComposeProject:
    return ComposeProject(SHIPPED, "compose.yaml", PROJECT_NAME)


def _show(seen: list[deployed.Service]) -> None:
    table = Table(box=None, pad_edge=False)
    for heading in ("service", "tasks", "nodes", "image"):
        table.add_column(heading, overflow="fold")
    for one in seen:
        nodes = ", ".join(sorted(task.node for task in one.running)) or "-"
        table.add_row(one.name, one.count, nodes, one.image)
    Console(highlight=False, width=None if sys.stdout.isatty() else 200).print(table)
