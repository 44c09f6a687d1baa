"""Compose runs a project on one engine: up, down, one service at a time, and how each service is."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from contextlib import AbstractContextManager, suppress

from stack.driver import docker, events, healthcheck, helper
from stack.driver.containers import ContainerState, Incarnation, bound_to, incarnation_of, state_of
from stack.driver.detached import own_images
from stack.driver.diagnosis import Diagnosis, diagnoses, root_of
from stack.driver.docker import from_docker
from stack.driver.errors import ImageError, NotHealthyError, StackError
from stack.driver.events import Event
from stack.driver.healthcheck import HealthCheck
from stack.driver.images import inspect
from stack.driver.progress import Progress
from stack.driver.project import ComposeProject, Config, seconds_in
from stack.driver.runners import start
from stack.driver.runners.protocol import LOOK_SECONDS, UP_SECONDS, ServiceStatus, all_well, statuses
from stack.driver.runners.status import status_in
from stack.driver.wait import until

DOWN = {"exited", "dead", "restarting", "unhealthy"}
DOWN_SECONDS = 5.0
STOP_SECONDS = 10.0  # what Docker gives a container where nothing is said


class ComposeRunner:
    """Runs one Compose project; `hint` is what a person may try where it does not become healthy."""

    def __init__(self, project: ComposeProject, *, hint: str = "") -> None:
        self.project = project
        self._hint = hint
        self._forwarders: dict[tuple[str, int], docker.Container] = {}
        self._ids: dict[str, str] = {}
        self._images: tuple[tuple[object, ...], Mapping[str, inspect.Image]] = ((), {})

    # the whole project

    def up(self, progress: Progress, *, within: float = UP_SECONDS) -> None:
        """Start what is not running and wait until every service is healthy.

        Raises NotHealthyError naming each service that is not, PortTakenError, or StackError with Docker's words.
        """
        begun = start.with_compose(self.project, progress, *self._to_start(), within=within)
        if begun.returncode != 0:
            problem = start.problem_in(self.project, begun.said)
            ill = diagnoses(self.project.name) if type(problem) is StackError else []
            raise not_healthy(self, ill, self._hint) if any(one.words for one in ill) else problem
        self._wait(progress, within=within - begun.seconds, every=0.1, first=True)

    def down(self, *, volumes: bool = False) -> None:
        """Stop and remove containers and networks; `volumes` and images that Compose named go as well if told so."""
        self._forwarders.clear()
        try:
            helper.remove_all(self.project.name)
            client_of(self.project).compose.down(
                volumes=volumes, remove_images="local" if volumes else None, remove_orphans=True, quiet=True
            )
        except docker.DockerException as problem:
            raise from_docker(problem, f"remove {self.project.name}") from problem
        for image in own_images(self.project.config, self.project.name) if volumes else ():
            inspect.remove(image)

    def leftovers(self) -> tuple[str, ...]:
        """What Docker holds of this project: 'container NAME', 'network NAME', 'volume NAME'."""
        kinds = {"container": ("ps", "--all", "--format", "{{.Names}}")}
        kinds |= {kind: (kind, "ls", "--format", "{{.Name}}") for kind in ("network", "volume")}
        asked = {kind: docker.ask(*words, *docker.of_project(self.project.name)) for kind, words in kinds.items()}
        return tuple(f"{kind} {name}" for kind, names in asked.items() for name in names.split())

    def wait_until_healthy(
        self, progress: Progress | None = None, *, within: float = UP_SECONDS, every: float = LOOK_SECONDS
    ) -> None:
        """Wait until every service runs and is healthy.

        Raises NotHealthyError naming each that is not when the time is over, or one was down for 5 s on end.
        """
        self._wait(progress, within=within, every=every)

    def _wait(self, progress: Progress | None, *, within: float, every: float, first: bool = False) -> None:
        """Wait until all is healthy; at the first start, what ends with 0 and is to stay so is none to wait for."""
        down_since: dict[str, float] = {}
        hopeless = start.Hopeless(self.project.name)

        def settled(seen: Mapping[str, ServiceStatus]) -> bool:
            now = time.monotonic()
            for service, status in seen.items():
                if progress:
                    progress.show(service, status.health)
                if first and status.ended_well:
                    self.project.note_one_shot(service)
                down_since.setdefault(service, now)
                if status.health not in DOWN:
                    del down_since[service]
            given_up = (now - since > grace(self.project.config, name) for name, since in down_since.items())
            return all_well(seen) or hopeless() or any(given_up)

        if not all_well(until(self.status, settled, within=within, every=every).value):
            raise not_healthy(self, diagnoses(self.project.name), self._hint)

    # one service, by hand

    def restart(self, *services: str, and_wait: bool = True) -> None:
        """Restart these services' containers in the ordinary way and, unless told not to, wait until all is healthy."""
        try:
            client_of(self.project).compose.restart(list(services))
        except docker.DockerException as problem:
            raise from_docker(problem, f"restart {', '.join(services)}") from problem
        if and_wait:
            self.wait_until_healthy()

    def recreate(self, service: str) -> None:
        """Have the service's container made anew, as the Compose file now has it, and no other; waits for nothing."""
        words = self.project.command("up", "--detach", "--no-deps", "--quiet-pull", "--", service)
        docker.ask(*words, environment=self.project.environment)

    def stop(self, service: str) -> None:
        """Stop the service's container by hand, which no restart policy undoes."""
        docker.ask("stop", self.container(service).id)

    def start(self, service: str) -> None:
        """Start the service's stopped container, and wait for nothing."""
        docker.ask("start", self.container(service).id)

    def kill_and_start(self, service: str) -> None:
        """Kill the service's container and start it, by hand: without the delays of a restart policy."""
        docker.ask("restart", "--time", "0", self.container(service).id)

    def pause(self, service: str) -> None:
        """Pause the service's container by hand (`docker pause`)."""
        docker.ask("pause", self.container(service).id)

    def unpause(self, service: str) -> None:
        """End such a pause."""
        docker.ask("unpause", self.container(service).id)

    # how it is

    def status(self) -> dict[str, ServiceStatus]:
        """{service: how it is and where}, by one short question to Docker."""
        form = '{{.Label "com.docker.compose.service"}}|{{.State}}|{{.Status}}|{{.Ports}}'
        said = docker.ask("ps", "--all", *docker.of_project(self.project.name), "--format", form)
        rows = [line.split("|") for line in said.splitlines()]
        return statuses(self.project, [(service, status_in(*how)) for service, *how in rows])

    def unhealthy(self) -> dict[str, ContainerState | None]:
        """{service: its state} of each that is not healthy; None for one without a container."""
        containers = self.containers()
        states = {name: state_of(containers[name]) if name in containers else None for name in self.project.services}
        return {name: state for name, state in states.items() if state is None or not state.well}

    def container(self, service: str) -> docker.Container:
        """The container of a service, stopped ones included; raises StackError where there is none."""
        if service in self._ids:  # one question instead of two
            with suppress(docker.NoSuchContainer):
                return self._inspect(self._ids[service])[0]
        found = self._list(f"com.docker.compose.service={service}")
        if not found:
            raise StackError(f"service `{service}` of `{self.project.name}` has no container")
        self._ids[service] = found[0].id
        return found[0]

    def replicas(self, service: str) -> list[docker.Container]:
        """Every container of a service, stopped ones included."""
        return self._list(f"com.docker.compose.service={service}")

    def containers(self) -> dict[str, docker.Container]:
        """{service: container} of this project, stopped ones included."""
        return {(one.config.labels or {})["com.docker.compose.service"]: one for one in self._list()}

    def state(self, service: str) -> ContainerState:
        """How the container of a service is."""
        return state_of(self.container(service))

    def incarnation(self, service: str) -> Incarnation:
        """Which run of the service this is: another after every restart, and after every new container."""
        return incarnation_of(self.container(service))

    def health_check(self, service: str) -> HealthCheck:
        """The health check that the engine has for the service: the image's where the Compose file has none."""
        return healthcheck.read(json.loads(self._asked_of(service, "{{json .Config.Healthcheck}}")))

    def stop_grace(self, service: str) -> float:
        """Seconds that Docker gives the service's container between asking it to stop and killing it."""
        told: float | None = json.loads(self._asked_of(service, "{{json .Config.StopTimeout}}"))
        return STOP_SECONDS if told is None else float(told)

    def address(self, service: str, port: int) -> str:
        """'127.0.0.1:N' that leads to this port of the service: as published, else by a forwarder in its networks."""
        if (service, port) not in self._forwarders:  # one that is there outlives restarts of the service
            container = self.container(service)
            if (bound := bound_to(container, port)) is not None:
                return bound
            networks = container.network_settings.networks or {}
            if not networks or "none" in networks:
                raise StackError(f"service `{service}` is on no network and publishes no port {port}")
            self._forwarders[service, port] = helper.open_relay(self.project.labels, networks, service, port)
        return str(bound_to(self._forwarders[service, port], port))

    def events(self, service: str | None, *actions: str) -> AbstractContextManager[list[Event]]:
        """What the engine reports meanwhile of a service's container, or of all of the project (see events.follow)."""
        if service is None:
            return events.follow(docker.of_project(self.project.name)[1], *actions, whose=f"`{self.project.name}`")
        return events.follow(f"container={self.container(service).id}", *actions, whose=f"`{service}`")

    @property
    def images(self) -> Mapping[str, inspect.Image]:
        """{service: the image it runs, with its digest and where it came from}; asked once for the files there are."""
        if self._images[0] != self.project.files:
            named = {name: self.project.image_of(name) for name in self.project.config["services"]}
            self._images = (self.project.files, inspect.look_at(named))
        return self._images[1]

    def provide_image(self, service: str) -> inspect.Image:
        """The image that a service is to run, built if it is to be, else pulled if it is not here; starts nothing."""
        named = {service: self.project.image_of(service)}
        if "build" in self.project.config["services"][service]:
            start.built(self.project, service)
        with suppress(ImageError):
            return inspect.look_at(named)[service]
        start.pulled(self.project, service)
        return inspect.look_at(named)[service]

    # behind it

    def _to_start(self) -> tuple[str, ...]:
        """The services that `up` names; where it names none, Compose starts all."""
        return ()

    def _list(self, *labels: str) -> list[docker.Container]:
        filters = [word for label in labels for word in ("--filter", f"label={label}")]
        ids = docker.ask("ps", "--all", "--quiet", *docker.of_project(self.project.name), *filters).split()
        return self._inspect(*ids) if ids else []

    def _inspect(self, *ids: str) -> list[docker.Container]:
        try:
            return docker.DockerClient().container.inspect(list(ids))
        except docker.NoSuchContainer:
            raise
        except docker.DockerException as problem:
            raise from_docker(problem, f"inspect containers of {self.project.name}") from problem

    def _asked_of(self, service: str, form: str) -> str:
        """What `docker inspect` says of the service's container in this form."""
        if service in self._ids:  # one question instead of two
            with suppress(StackError):
                return docker.ask("inspect", "--format", form, self._ids[service])
        return docker.ask("inspect", "--format", form, self.container(service).id)


def not_healthy(runner: ComposeRunner, ill: list[Diagnosis], hint: str) -> NotHealthyError:
    """What ails a project, service by service, and which of them keeps the others from being well."""
    project = runner.project
    missing = [name for name, state in runner.unhealthy().items() if state is None]
    root = root_of(ill, {name: project.depends_on(name) for name in project.services})
    return NotHealthyError(
        f"stack `{project.name}` is not healthy",
        details=(*map(str, ill), *(f"{name}: missing" for name in missing)),
        hint=hint,
        root=root.name if root else next(iter(missing), ""),
        why=root.why if root else "it was not started",
        for_good=bool(root and root.hopeless),
    )


def grace(config: Config, service: str) -> float:
    """Seconds for which a service may be down before it counts as given up; an unhealthy one is probed again."""
    check = config["services"][service].get("healthcheck") or {}
    return DOWN_SECONDS + seconds_in(check.get("interval", "0s"))


def client_of(project: ComposeProject) -> docker.DockerClient:
    """A client of Docker that knows the project's files."""
    return docker.DockerClient(
        compose_files=list(project.files),
        compose_project_name=project.name,
        compose_project_directory=project.directory,
        compose_env_files=list(project.env_files) if project.folder != project.directory else [],
    )
