"""A swarm of engines in containers of ours: made, used, removed."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from checks.faults import dind
from checks.faults.dind import Nested
from stack.driver import docker
from stack.driver.labels import Labels, options


@dataclass(frozen=True, kw_only=True)
class Machine:
    """A node of the swarm, and the engine that it is."""

    name: str
    engine: Nested


@contextmanager
def swarm_of(count: int, labels: Labels, shared: Path, references: Sequence[str]) -> Iterator[tuple[Machine, ...]]:
    """So many managers with these images, in a network of their own; the first is asked meanwhile."""
    network = f"{shared.name}-{secrets.token_hex(4)}"
    docker.ask("network", "create", *options(labels), network)
    with ExitStack() as held:
        held.callback(docker.ask, "network", "rm", network)
        machines = tuple(
            Machine(name=name, engine=held.enter_context(dind.begun(labels, shared, references, given=given)))
            for name in (f"node{number + 1}" for number in range(count))
            for given in [("--network", network, "--hostname", name)]
        )
        _join(machines)
        held.enter_context(machines[0].engine.used())
        yield machines


def _join(machines: Sequence[Machine]) -> None:
    first = machines[0].engine
    with first.used():
        docker.ask("swarm", "init", "--advertise-addr", first.address)
        token = docker.ask("swarm", "join-token", "--quiet", "manager").strip()
    for machine in machines[1:]:
        with machine.engine.used():
            docker.ask("swarm", "join", "--token", token, f"{first.address}:2377")
