"""What runs a Compose project, whatever that is: the one thing that checks and tasks ask for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol

from stack.driver import docker
from stack.driver.containers import ContainerState, Incarnation
from stack.driver.events import Event
from stack.driver.healthcheck import HealthCheck
from stack.driver.images.inspect import Image
from stack.driver.progress import Progress
from stack.driver.project import ComposeProject, replicas_of

UP_SECONDS = 120.0
LOOK_SECONDS = 0.25  # each look costs processor time, of which checks in parallel have little


@dataclass(frozen=True, kw_only=True)
class ServiceStatus:
    """A service in a word: 'healthy' (or running, without a health check) or what else it is; where it listens."""

    health: str
    addresses: tuple[str, ...] = ()
    ended_well: bool = False  # exited with 0


def all_well(seen: Mapping[str, ServiceStatus]) -> bool:
    """Whether every service is healthy."""
    return all(status.health == "healthy" for status in seen.values())


def statuses(project: ComposeProject, found: Sequence[tuple[str, ServiceStatus]]) -> dict[str, ServiceStatus]:
    """{service: how it is} of those that are to go on running, from what was found of each container.

    Of replicas the first counts that is not well; where there are fewer than there are to be, one is missing.
    """
    seen = {}
    for service in project.services:
        replicas = [status for name, status in found if name == service]
        lacking = len(replicas) < replicas_of(project.config["services"][service])
        ill = next((status for status in replicas if status.health != "healthy"), None)
        seen[service] = ill or (ServiceStatus(health="missing") if lacking else replicas[0])
    return seen


class Runner(Protocol):
    """Brings one project up and down, says how its services are, and does to them by hand what a person may do.

    Every method raises StackError with Docker's words where the engine refuses.
    """

    project: ComposeProject

    def up(self, progress: Progress, *, within: float = UP_SECONDS) -> None: ...
    def down(self, *, volumes: bool = False) -> None: ...
    def leftovers(self) -> tuple[str, ...]: ...
    def wait_until_healthy(
        self, progress: Progress | None = None, *, within: float = UP_SECONDS, every: float = LOOK_SECONDS
    ) -> None: ...

    def restart(self, *services: str, and_wait: bool = True) -> None: ...
    def recreate(self, service: str) -> None: ...
    def stop(self, service: str) -> None: ...
    def start(self, service: str) -> None: ...
    def kill_and_start(self, service: str) -> None: ...
    def pause(self, service: str) -> None: ...
    def unpause(self, service: str) -> None: ...

    def status(self) -> Mapping[str, ServiceStatus]: ...
    def unhealthy(self) -> Mapping[str, ContainerState | None]: ...
    def container(self, service: str) -> docker.Container: ...
    def replicas(self, service: str) -> Sequence[docker.Container]: ...
    def containers(self) -> Mapping[str, docker.Container]: ...
    def state(self, service: str) -> ContainerState: ...
    def incarnation(self, service: str) -> Incarnation: ...
    def health_check(self, service: str) -> HealthCheck: ...
    def stop_grace(self, service: str) -> float: ...
    def address(self, service: str, port: int) -> str: ...
    def events(self, service: str | None, *actions: str) -> AbstractContextManager[list[Event]]: ...

    def provide_image(self, service: str) -> Image: ...

    @property
    def images(self) -> Mapping[str, Image]: ...
