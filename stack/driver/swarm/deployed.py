"""A stack on Swarm: deployed, looked at, removed, by the docker command alone."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from stack.driver import docker
from stack.driver.errors import NotHealthyError, OutOfTimeError
from stack.driver.progress import Progress
from stack.driver.runners.protocol import UP_SECONDS
from stack.driver.swarm.stack_file import StackFile
from stack.driver.wait import until

LOOK_SECONDS = 0.5
REMOVED_SECONDS = 60.0
NAMESPACE = "com.docker.stack.namespace"
RUNNING, REJECTED = "running", "rejected"
TAKEN_BACK = {"rollback_started", "rollback_paused", "rollback_completed", "paused"}
ERROR_LENGTH = 200
Inspected = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Task:
    """One container of a service, or what became of it. `current`: as the service is to be now."""

    id: str
    node: str
    state: str
    wanted: bool
    current: bool
    error: str


@dataclass(frozen=True, kw_only=True)
class Service:
    """A service of a stack: a task counts as running once its health check has passed."""

    name: str
    image: str
    replicas: int
    update: str  # how the last update goes or went, '' before the first
    update_told: str  # all that is said of it: two that went the same way differ in their times
    folders: tuple[str, ...]  # of its node, that it has mounted
    tasks: tuple[Task, ...] = field(default=())

    @property
    def running(self) -> tuple[Task, ...]:
        """Those of its tasks that are healthy, and to be there."""
        return tuple(task for task in self.tasks if task.wanted and task.state == RUNNING)

    @property
    def count(self) -> str:
        """How many of its tasks are healthy, of how many."""
        return f"{len(self.running)}/{self.replicas} healthy"

    @property
    def well(self) -> bool:
        """Whether it has as many tasks as it is to have, none of an earlier shape, and no update is under way."""
        as_now = all(task.current for task in self.running)
        return len(self.running) == self.replicas and as_now and self.update in {"", "completed", "rollback_completed"}

    @property
    def why(self) -> str:
        """What its last task that failed said."""
        return next((task.error for task in self.tasks if task.error), "")


def of_stack(stack: str) -> tuple[str, str]:
    """The words that narrow `docker ps`, `docker service ls` and the like to one stack."""
    return "--filter", f"label={NAMESPACE}={stack}"


def services(stack: str) -> list[Service]:
    """Every service of a stack with its tasks, the newest first; none where there is no such stack."""
    ids = docker.ask("service", "ls", "--quiet", *of_stack(stack)).split()
    if not ids:
        return []
    found: Sequence[Inspected] = json.loads(docker.ask("service", "inspect", *ids))
    tasks = docker.ask("service", "ps", "--quiet", "--no-trunc", *ids).split()
    seen: Sequence[Inspected] = json.loads(docker.ask("inspect", "--type", "task", *tasks)) if tasks else []
    names = {line.split()[0]: line.split()[1] for line in _node_lines()}
    return sorted((_service(stack, one, seen, names) for one in found), key=lambda one: one.name)


def deploy(file: StackFile, stack: str, progress: Progress, *, within: float = UP_SECONDS) -> None:
    """Deploy it and wait until every task is healthy, old ones replaced where they are of another shape.

    Raises NotHealthyError where one is not, was refused by its node, or an update was rolled back.
    """
    before = services(stack)
    with tempfile.NamedTemporaryFile("w", suffix=".yaml") as written:
        written.write(file.as_yaml())
        written.flush()
        docker.ask("stack", "deploy", "--resolve-image", "never", "--prune", "--compose-file", written.name, stack)
    _wait(stack, before, progress, within=within)
    _forget_old(stack)


def remove(stack: str) -> None:
    """Take it down, and wait until its tasks and networks are gone: secrets and configs go with it, volumes stay."""
    docker.ask("stack", "rm", stack)
    gone = until(lambda: left_of(stack), lambda left: not left, within=REMOVED_SECONDS, every=LOOK_SECONDS)
    if not gone.reached:
        raise OutOfTimeError(f"of `{stack}` there is still something", details=tuple(gone.value))


def left_of(stack: str) -> list[str]:
    """What Docker holds of it here: 'container NAME' and so on; its volumes aside."""
    kinds = {kind: (kind, "ls", "--format", "{{.Name}}", *of_stack(stack)) for kind in ("network", "secret", "config")}
    kinds["container"] = ("ps", "--all", "--format", "{{.Names}}", *of_stack(stack))
    return [f"{kind} {name}" for kind, words in kinds.items() for name in docker.ask(*words).split()]


def _wait(stack: str, before: Sequence[Service], progress: Progress, *, within: float) -> None:
    known = {task.id for one in before for task in one.tasks}
    updates = {one.name: one.update_told for one in before}

    def given_up(seen: Iterable[Service]) -> list[str]:
        return [line for one in seen for line in _in_vain(one, known, updates.get(one.name, ""))]

    def settled(seen: Sequence[Service]) -> bool:
        for one in seen:
            progress.show(one.name, one.count)
        return bool(given_up(seen)) or all(one.well for one in seen)

    found = until(lambda: services(stack), settled, within=within, every=LOOK_SECONDS)
    ill = [f"{one.name}: {one.count} {one.why}".rstrip() for one in found.value if not one.well]
    if told := given_up(found.value) or ill:
        raise NotHealthyError(
            f"stack `{stack}` is not healthy",
            details=tuple(told),
            hint=f"`docker stack ps --no-trunc {stack}` and `docker service logs NAME` tell more",
        )


def _in_vain(service: Service, known: Collection[str], update_told: str) -> Iterable[str]:
    """What of a service will not come by waiting: an update that was taken back, a task that its node refuses."""
    if service.update in TAKEN_BACK and service.update_told != update_told:
        yield f"{service.name}: the update is {service.update.replace('_', ' ')}; the old tasks stay: {service.why}"
    for task in service.tasks:
        if task.id not in known and task.state == REJECTED:
            yield f"{service.name}: {task.node} refuses it: {task.error}"


def _forget_old(stack: str) -> None:
    """Remove secrets and configs of earlier shapes, but for those that a rollback by hand would need."""
    ids = docker.ask("service", "ls", "--quiet", *of_stack(stack)).split()
    used = docker.ask("service", "inspect", "--format", "{{json .Spec}}{{json .PreviousSpec}}", *ids)
    for kind in ("secret", "config"):
        listed = docker.ask(kind, "ls", "--format", "{{.Name}}", *of_stack(stack)).split()
        if old := [name for name in listed if f'"{name}"' not in used]:
            docker.ask(kind, "rm", *old)


def _node_lines() -> list[str]:
    return docker.ask("node", "ls", "--format", "{{.ID}} {{.Hostname}}").splitlines()


def _service(stack: str, inspected: Inspected, tasks: Iterable[Inspected], nodes: Mapping[str, str]) -> Service:
    spec, update = inspected["Spec"], inspected.get("UpdateStatus") or {}
    template = spec["TaskTemplate"]
    container = template["ContainerSpec"]
    own = [task for task in tasks if task["ServiceID"] == inspected["ID"]]
    newest_first = sorted(own, key=lambda task: str(task["CreatedAt"]), reverse=True)
    mounts = container.get("Mounts") or ()
    return Service(
        name=spec["Name"].removeprefix(f"{stack}_"),
        image=container["Image"],
        replicas=spec["Mode"]["Replicated"].get("Replicas", 0),
        update=update.get("State", ""),
        update_told=json.dumps(update, sort_keys=True),
        folders=tuple(mount["Source"] for mount in mounts if mount["Type"] == "bind"),
        tasks=tuple(_task(task, template, nodes) for task in newest_first),
    )


def _task(inspected: Inspected, template: Inspected, nodes: Mapping[str, str]) -> Task:
    status = inspected["Status"]
    return Task(
        id=inspected["ID"],
        node=nodes.get(inspected.get("NodeID", ""), "no node"),
        state=status["State"],
        wanted=inspected["DesiredState"] == RUNNING,
        current=_shape(inspected["Spec"]) == _shape(template),
        error=str(status.get("Err", ""))[:ERROR_LENGTH],
    )


def _shape(template: Inspected) -> object:
    """What an update changes; what is empty is left out of a task and not of its service."""
    return _without_empty({key: template.get(key) for key in ("ContainerSpec", "Resources")})


def _without_empty(value: object) -> object:
    if not isinstance(value, dict):
        return value
    found = {key: _without_empty(one) for key, one in value.items()}
    return {key: one for key, one in found.items() if one not in (None, {}, [], "")}
