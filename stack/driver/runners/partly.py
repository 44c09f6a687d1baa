"""A Compose project of which not all came up, or not all is to."""

from __future__ import annotations

import time
from collections.abc import Collection, Iterator, Mapping

from stack.driver import docker
from stack.driver.containers import ContainerState
from stack.driver.diagnosis import diagnoses, root_of
from stack.driver.errors import AwayError, ImageError
from stack.driver.progress import Progress
from stack.driver.project import ComposeProject
from stack.driver.runners import start
from stack.driver.runners.compose import ComposeRunner
from stack.driver.runners.protocol import ServiceStatus
from stack.driver.wait import until

NOT_YET = {"created", "running, starting"}  # what a diagnosis says of a container that may still become well


class PartlyRunner(ComposeRunner):
    """Runs what came up of it, or is to.

    `away` is {service: why it cannot be asked}; whoever asks for one is told that. Of the others, those in `ill` answer
    although Docker does not find them healthy, so that nobody waits for it.
    """

    def __init__(self, project: ComposeProject, away: Mapping[str, str], ill: Collection[str]) -> None:
        super().__init__(project)
        self._away, self._ill = away, ill

    def status(self) -> dict[str, ServiceStatus]:
        """Of those that came up."""
        left_out = {*self._away, *self._ill}
        return {name: status for name, status in super().status().items() if name not in left_out}

    def container(self, service: str) -> docker.Container:
        """Raises AwayError for one that is away."""
        self._require(service)
        return super().container(service)

    def containers(self) -> dict[str, docker.Container]:
        """Raises AwayError where any is away: who looks at all of them would find the less."""
        self._require(*self._away)
        return super().containers()

    def replicas(self, service: str) -> list[docker.Container]:
        """Raises AwayError for one that is away."""
        self._require(service)
        return super().replicas(service)

    def unhealthy(self) -> dict[str, ContainerState | None]:
        """Of those that came up."""
        return {name: state for name in self.status() if not (state := self.state(name)).well}

    def _to_start(self) -> tuple[str, ...]:
        """All but those that are away."""
        return tuple(name for name in self.project.services if name not in self._away)

    def _asked_of(self, service: str, form: str) -> str:
        """Of its container as it was made, whether it came up or not: its health check is to be read there."""
        found = self._list(f"com.docker.compose.service={service}")
        if not found:
            self._require(service)
        return docker.ask("inspect", "--format", form, found[0].id)

    def _require(self, *services: str) -> None:
        for service in services:
            if service in self._away:
                raise AwayError(self._away[service])


def start_others(project: ComposeProject, blamed: str, progress: Progress, *, within: float) -> None:
    """Start what needs no service that keeps others from starting; wait until each is healthy, or clearly not.

    Compose leaves off at the first that does not start, whoever else would.
    """
    deadline = time.monotonic() + within
    known = {blamed} if blamed else set()
    while (others := [*_startable(project, known)]) and (left := deadline - time.monotonic()) > 0:
        begun = start.with_compose(project, progress, *others, within=left, known=known)
        found = "" if begun.returncode == 0 else _blamed(project, begun.said)
        if not found or found in known:
            break
        known.add(found)
    runner, left = ComposeRunner(project), max(0.0, deadline - time.monotonic())
    until(runner.status, lambda seen: "starting" not in {one.health for one in seen.values()}, within=left, every=0.5)


def needs(project: ComposeProject, service: str) -> Iterator[str]:
    """What a service waits for before it is started, and what that waits for."""
    ahead, seen = [service], {service}
    while ahead:
        for name in project.config["services"][ahead.pop()].get("depends_on") or {}:
            if name not in seen and name in project.config["services"]:
                seen.add(name)
                ahead.append(name)
                yield name


def _startable(project: ComposeProject, known: Collection[str]) -> Iterator[str]:
    """The services that do not run, and wait for none that is ill or cannot be made."""
    states = {name: status.health for name, status in ComposeRunner(project).status().items()}
    found = diagnoses(project.name)
    ill = {*known, *(one.service for one in found if one.hopeless or one.state not in NOT_YET)}
    for name in project.services:
        if states.get(name, "missing") in {"missing", "created"} and not ill & {name, *needs(project, name)}:
            yield name


def _blamed(project: ComposeProject, said: str) -> str:
    problem = start.problem_in(project, said)
    if isinstance(problem, ImageError):
        return problem.service
    root = root_of(diagnoses(project.name), {name: project.depends_on(name) for name in project.services})
    return root.service if root else ""
