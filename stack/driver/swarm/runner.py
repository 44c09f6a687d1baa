"""Swarm runs a project on the nodes that this engine manages; what runs here is looked at as with Compose."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import replace
from typing import Any

from stack.driver import docker, events
from stack.driver.errors import OutOfTimeError, StackError
from stack.driver.events import Event
from stack.driver.labels import STACK_LABEL
from stack.driver.progress import Progress
from stack.driver.project import ComposeProject
from stack.driver.runners.compose import ComposeRunner
from stack.driver.runners.protocol import UP_SECONDS, ServiceStatus, statuses
from stack.driver.runners.status import status_in
from stack.driver.swarm import deployed, membership
from stack.driver.swarm.stack_file import StackFile
from stack.driver.wait import until

PROJECT, SERVICE = "com.docker.compose.project", "com.docker.compose.service"
TASK = "com.docker.swarm.task.name"  # 'STACK_SERVICE.SLOT.ID'
STOPPED_SECONDS = 60.0
Render = Callable[[ComposeProject], StackFile]


class SwarmRunner(ComposeRunner):
    """Runs a project as a stack of its name, rendered by `render`.

    Its tasks carry the labels that Compose gives containers, so that they are found and looked at as those are. Of what
    Swarm keeps of tasks that ended, nothing is taken for the service.
    """

    def __init__(self, project: ComposeProject, render: Render) -> None:
        super().__init__(project)
        self._render = render

    # the whole project

    def up(self, progress: Progress, *, within: float = UP_SECONDS) -> None:
        """Deploy it and wait until every task is healthy; raises NotHealthyError where one is not."""
        file = self._render(self.project)
        membership.pin(file.labels)
        deployed.deploy(watched(file, self.project), self.project.name, progress, within=within)

    def down(self, *, volumes: bool = False) -> None:
        """Remove who was helping in its networks, then the stack, and volumes too if told so."""
        self._forwarders.clear()
        if helpers := self._helpers():
            docker.ask("rm", "--force", *helpers)
        deployed.remove(self.project.name)
        if volumes:
            membership.unpin(self.project.name)
            if left := self._volumes():
                docker.ask("volume", "rm", *left)

    def leftovers(self) -> tuple[str, ...]:
        """What Docker holds of it: 'container NAME', 'secret NAME' and so on."""
        return (*deployed.left_of(self.project.name), *(f"volume {name}" for name in self._volumes()))

    # one service, by hand

    def restart(self, *services: str, and_wait: bool = True) -> None:
        """Have each task of these services replaced by another of the same shape."""
        for service in services:
            self._update(service, "--force")
        if and_wait:
            self.wait_until_healthy()

    def recreate(self, service: str) -> None:  # noqa: ARG002 - Swarm finds by itself whose business it is
        """Deploy the files as they are now: what is not another service's business stays as it is."""
        deployed.deploy(watched(self._render(self.project), self.project), self.project.name, Progress())

    def stop(self, service: str) -> None:
        """Have the service run no task, which nobody undoes; raises OutOfTimeError where one goes on."""
        self._update(service, "--replicas", "0")
        gone = until(lambda: self._running(service), lambda running: not running, within=STOPPED_SECONDS)
        if not gone.reached:
            raise OutOfTimeError(f"service `{service}` of `{self.project.name}` did not stop")

    def start(self, service: str) -> None:
        """Have it run one task again, and wait for nothing."""
        self._update(service, "--replicas", "1")

    def kill_and_start(self, service: str) -> None:
        """Kill its task's container: Swarm starts another after its delay."""
        docker.ask("kill", self.container(service).id)

    # how it is

    def status(self) -> dict[str, ServiceStatus]:
        """{service: how its tasks are that run here}, by one short question to Docker."""
        form = f'{{{{.Label "{SERVICE}"}}}}|{{{{.State}}}}|{{{{.Status}}}}|{{{{.Ports}}}}'
        said = docker.ask("ps", *docker.of_project(self.project.name), "--format", form)
        rows = [line.split("|") for line in said.splitlines()]
        return statuses(self.project, [(service, status_in(*how)) for service, *how in rows])

    def container(self, service: str) -> docker.Container:
        """That of its first task; raises StackError where there is none."""
        if not (found := self.replicas(service)):
            raise StackError(f"service `{service}` of `{self.project.name}` has no container")
        return found[0]

    def events(self, service: str | None, *actions: str) -> AbstractContextManager[list[Event]]:
        """Of a service whatever its task is: the next one is another container."""
        if service is None:
            return super().events(service, *actions)
        name = f"com.docker.swarm.service.name={self.project.name}_{service}"
        return events.follow(f"label={name}", *actions, whose=f"`{service}`")

    def tasks(self) -> list[deployed.Service]:
        """Its services with their tasks, and the nodes that these are on."""
        return deployed.services(self.project.name)

    # behind it

    def _list(self, *labels: str) -> list[docker.Container]:
        """Of each slot the newest container: Swarm keeps some of those before."""
        newest: dict[str, docker.Container] = {}
        for one in sorted(super()._list(*labels), key=lambda one: one.created):
            newest[(one.config.labels or {})[TASK].rpartition(".")[0]] = one
        return list(newest.values())

    def _running(self, service: str) -> list[docker.Container]:
        return [one for one in self.replicas(service) if one.state.running]

    def _update(self, service: str, *options: str) -> None:
        docker.ask("service", "update", "--detach", "--quiet", *options, f"{self.project.name}_{service}")

    def _helpers(self) -> list[str]:
        """What was started beside its tasks."""
        listed = docker.ask("ps", "--all", *self._of_it(), "--format", f'{{{{.ID}}}} {{{{.Label "{TASK}"}}}}')
        return [words[0] for words in map(str.split, listed.splitlines()) if len(words) == 1]

    def _volumes(self) -> list[str]:
        return docker.ask("volume", "ls", "--quiet", *self._of_it()).split()

    def _of_it(self) -> tuple[str, str]:
        return "--filter", f"label={STACK_LABEL}={self.project.name}"


def watched(file: StackFile, project: ComposeProject) -> StackFile:
    """The same stack as one of a run: all of it is labelled, and helpers may join its networks."""
    stack: dict[str, Any] = copy.deepcopy(dict(file.stack))
    own = {**project.labels, PROJECT: project.name}
    for name, spec in stack["services"].items():
        spec["labels"] = {**(spec.get("labels") or {}), **own, SERVICE: name}
        spec["deploy"]["labels"] = {**(spec["deploy"].get("labels") or {}), **own}
    for kind in ("networks", "volumes", "configs", "secrets"):
        stack[kind] = {key: _labelled(one, own) for key, one in (stack.get(kind) or {}).items()}
    for network in stack["networks"].values():
        network["attachable"] = True
    return replace(file, stack=stack)


def _labelled(spec: Mapping[str, Any], labels: Mapping[str, str]) -> dict[str, Any]:
    return {**spec, "labels": {**(spec.get("labels") or {}), **labels}}
