"""What checks see: a Compose project on the engine, with its profile and its roles."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from functools import cached_property
from pathlib import Path

from checks.faults import host
from checks.faults.host import Hurt, Signalled
from checks.subject.compose_files import PROFILE_NAME
from checks.subject.credentials import text_of
from checks.subject.profile import Credential, Subject
from checks.subject.roles import Role, find_roles
from checks.subject.secrets import named_secret
from stack.driver import docker, helper
from stack.driver import labels as run_labels
from stack.driver.containers import ContainerState, Published, bound_to, state_of
from stack.driver.docker import from_docker, from_words
from stack.driver.errors import NotHealthyError, StackError, SubjectError, last_lines
from stack.driver.events import News, follow
from stack.driver.healthcheck import SEARCH_PATH
from stack.driver.images import inspect
from stack.driver.labels import STACK_LABEL, Labels
from stack.driver.progress import Board
from stack.driver.project import OVERRIDE_NAME, Config, detached, seconds_in
from stack.driver.runners.compose import (
    DOWN,
    DOWN_SECONDS,
    LOOK_SECONDS,
    PROGRESS,
    UP_SECONDS,
    Glance,
    addresses_in,
    all_well,
    in_a_word,
    running_command,
)
from stack.driver.wait import first

Sabotage = Callable[["Stack"], None]
"""Breaks a fresh stack before it starts: edits files in its directory, or calls `override`."""


class Stack:
    """One Compose project: its files in `directory`, its containers under the name `project`."""

    def __init__(self, subject: Subject, *, directory: Path, project: str, labels: Labels | None = None) -> None:
        self.subject = subject
        self.directory = directory
        self.project = project
        self.labels = labels or {STACK_LABEL: project}
        self._overrides: list[Path] = []
        self._detaching: Path | None = None
        self._relays: dict[tuple[str, int], docker.Container] = {}
        self._ids: dict[str, str] = {}

    # what it is

    @cached_property
    def config(self) -> Config:
        """The resolved Compose file; raises SubjectError with Compose's words where it does not resolve."""
        return self._resolved(self._files)

    @cached_property
    def declared(self) -> Config:
        """The same as the subject means it: with the ports that it publishes where it stands, not those of a copy."""
        return self._resolved(tuple(path for path in self._files if path != self._detaching))

    def warnings(self) -> tuple[str, ...]:
        """What `docker compose config` warns of."""
        said = docker.complaints(*self._compose("config", "--quiet"))
        warned = [line.partition("msg=")[2] for line in said if "level=warning" in line]
        return tuple(line.replace(str(self.directory), ".") for line in warned)

    @property
    def services(self) -> tuple[str, ...]:
        """Every service that the Compose file names and that is to go on running, in its order."""
        return tuple(name for name in self.config["services"] if name not in self.one_shots)

    @cached_property
    def one_shots(self) -> frozenset[str]:
        """Services that are to end: others wait for their success (`service_completed_successfully`)."""
        waits = [spec.get("depends_on") or {} for spec in self.config["services"].values()]
        done = "service_completed_successfully"
        return frozenset(name for wait in waits for name, how in wait.items() if how["condition"] == done)

    @cached_property
    def roles(self) -> dict[Role, str]:
        return find_roles(self.config, self.subject.roles)

    def login(self, name: str) -> Credential:
        """A login that the profile names; raises SubjectError where it names none."""
        if name not in self.subject.credentials:
            raise SubjectError(f"{PROFILE_NAME} names no [credentials.{name}]", hint="the README tells what it is for")
        return self.subject.credentials[name]

    def password(self, name: str) -> str:
        """The password of a login; raises SubjectError where the profile names none, or its file cannot be read."""
        return text_of(self.directory / self.login(name).password_file).strip()

    def secrets(self) -> dict[str, str]:
        """{name: text} of every one-line secret: of the profile's logins, Compose's secret files, and what is named so.

        Named so are environment values (`DB_PASSWORD`) and arguments (`--requirepass`), where no secret should stand.
        """
        files = {name: self.directory / login.password_file for name, login in self.subject.credentials.items()}
        declared = self.config.get("secrets") or {}
        files |= {name: Path(spec["file"]) for name, spec in declared.items() if "file" in spec}
        texts = {name: text_of(file).strip() for name, file in files.items()}
        for service, spec in self.config["services"].items():
            texts |= {f"{name} of {service}": value for name, value in named_secret(spec)}
        return {name: text for name, text in texts.items() if text and "\n" not in text}

    # bring it up, take it down

    def override(self, text: str) -> None:
        """Lay another Compose file over those there are (YAML; `!override` and `!reset` work)."""
        path = self.directory / f"{OVERRIDE_NAME}.{len(self._overrides)}"
        path.write_text(text)
        self._overrides.append(path)
        for known in ("config", "declared", "one_shots", "roles", "images", "_docker"):
            self.__dict__.pop(known, None)

    def detach(self) -> None:
        """Lay over it what lets a copy run beside the original."""
        self.override(detached(self.config, self.project, self.labels))
        self._detaching = self._overrides[-1]

    def up(self, board: Board, *, within: int = UP_SECONDS) -> None:
        """Start what is not running and wait until every service is healthy.

        Raises NotHealthyError naming each service that is not, PortTakenError, or StackError with Docker's words.
        """
        said = []
        with running_command(["docker", *self._compose("up", "--detach")]) as compose:
            _ = self.config  # a question well timed: Compose is at work
            for line in compose.stderr or ():
                said.append(line)
                if seen := PROGRESS.search(line):
                    service = seen["container"].removeprefix(f"{self.project}-").removesuffix("-1")
                    board.show(service, seen["state"].lower())
        if compose.returncode != 0:
            problem = from_words("".join(said), f"start {self.project}")
            unexplained = type(problem) is StackError
            raise self._not_healthy() if unexplained and self._any_ran() else problem
        self.wait_until_healthy(board, within=within, every=0.1)

    def down(self, *, volumes: bool = False) -> None:
        """Stop and remove containers and networks; `volumes` and images that Compose named go as well if told so."""
        self._relays.clear()
        try:
            helper.remove_all(self.project)
            self._docker.compose.down(
                volumes=volumes, remove_images="local" if volumes else None, remove_orphans=True, quiet=True
            )
        except docker.DockerException as problem:
            raise from_docker(problem, f"remove {self.project}") from problem

    def restart(self, *services: str, and_wait: bool = True) -> None:
        """Restart these services' containers in the ordinary way and, unless told not to, wait until all is healthy."""
        try:
            self._docker.compose.restart(list(services))
        except docker.DockerException as problem:
            raise from_docker(problem, f"restart {', '.join(services)}") from problem
        if and_wait:
            self.wait_until_healthy()

    def recreate(self, service: str) -> None:
        """Have the service's container made anew, as the Compose file now has it, and no other; waits for nothing."""
        docker.ask(*self._compose("up", "--detach", "--no-deps", "--quiet-pull", service))

    def wait_until_healthy(
        self, board: Board | None = None, *, within: float = UP_SECONDS, every: float = LOOK_SECONDS
    ) -> None:
        """Wait until every service runs and is healthy.

        Raises NotHealthyError naming each that is not when the time is over, or one was down for 5 s on end.
        """
        down_since: dict[str, float] = {}

        def settled(seen: dict[str, Glance]) -> bool:
            now = time.monotonic()
            for service, glance in seen.items():
                if board:
                    board.show(service, glance.health)
                down_since.setdefault(service, now)
                if glance.health not in DOWN:
                    del down_since[service]
            return all_well(seen) or any(now - since > self._patience(name) for name, since in down_since.items())

        if not all_well(first(self.glance, settled, within=within, every=every).value):
            raise self._not_healthy()

    def _patience(self, service: str) -> float:
        """Seconds for which a service may be down before it counts as given up; an unhealthy one is probed again."""
        check = self.config["services"][service].get("healthcheck") or {}
        return DOWN_SECONDS + seconds_in(check.get("interval", "0s"))

    # hurt it

    def stop(self, service: str) -> None:
        """Stop the service's container by hand, which no restart policy undoes."""
        docker.ask("stop", self.container(service).id)

    def start(self, service: str) -> None:
        """Start the service's stopped container, and wait for nothing."""
        docker.ask("start", self.container(service).id)

    def restart_at_once(self, service: str) -> None:
        """Kill the service's container and start it, by hand: without the delays of a restart policy."""
        docker.ask("restart", "--time", "0", self.container(service).id)

    def main_process(self, service: str) -> int:
        """The pid on this machine of the container's first process, or of that one's child if the first is an init.

        0 where the container does not run.
        """
        container = self.container(service)
        pid = container.state.pid or 0
        return host.first_child(self.labels, pid) if pid and container.host_config.init else pid

    def signal(self, pid: int, number: int, *, wanted: str, within: float = 2.0) -> Signalled:
        """Signal a process past Docker, and wait until it is in a state of `wanted` (see toolbox.send_signal)."""
        return host.send_signal(self.labels, pid, number, wanted, within)

    def exhaust_memory(self, pid: int) -> bool:
        """Use up the memory of a process' container; whether the kernel killed the process for it (OOM)."""
        return host.exhaust_memory(self.labels, pid)

    def hurt(self, service: str, what: str, *more: str) -> Hurt:
        """Hurt the service's container past Docker, in one of the ways of hurt.py (see toolbox.hurt)."""
        pid = self.main_process(service)
        if pid == 0:
            raise StackError(f"service `{service}` does not run, so it cannot be hurt")
        return host.hurt(self.labels, what, pid, self.container(service).id, *more)

    def mend(self, service: str, hurt: Hurt) -> None:
        """Put that back, unless the container was restarted or has ended since: then there is nothing left of it."""
        if self.main_process(service) == hurt.pid:
            try:
                host.mend(self.labels, hurt)
            except StackError:
                if self.main_process(service) == hurt.pid:  # else it was restarted just now
                    raise

    def pause(self, service: str) -> None:
        """Pause the service's container by hand (`docker pause`)."""
        docker.ask("pause", self.container(service).id)

    def unpause(self, service: str) -> None:
        """End such a pause."""
        docker.ask("unpause", self.container(service).id)

    def depends_on(self, service: str) -> tuple[str, ...]:
        """The services that the Compose file says it needs all the time."""
        needed = self.config["services"][service].get("depends_on") or {}
        return tuple(name for name in needed if name not in self.one_shots)

    def with_the_engine(self) -> tuple[str, ...]:
        """The services that have a socket of this machine mounted: the engine's, for all that is known."""
        volumes = {name: self.config["services"][name].get("volumes") or () for name in self.services}
        return tuple(name for name in volumes if any(Path(str(one.get("source"))).is_socket() for one in volumes[name]))

    # look at it

    def state(self, service: str) -> ContainerState:
        return state_of(self.container(service))

    def glance(self) -> dict[str, Glance]:
        """{service: how it is and where}, by one short question to Docker."""
        form = '{{.Label "com.docker.compose.service"}}|{{.State}}|{{.Status}}|{{.Ports}}'
        rows = [
            line.split("|")
            for line in docker.ask("ps", "--all", *docker.of_project(self.project), "--format", form).splitlines()
        ]
        seen = {service: Glance(health=in_a_word(*how), addresses=addresses_in(ports)) for service, *how, ports in rows}
        return {service: seen.get(service, Glance(health="missing")) for service in self.services}

    def unwell(self) -> dict[str, ContainerState | None]:
        """{service: its state} of each that is not healthy; None for one without a container."""
        containers = self.containers()
        states = {name: state_of(containers[name]) if name in containers else None for name in self.services}
        return {name: state for name, state in states.items() if state is None or not state.well}

    def container(self, service: str) -> docker.Container:
        """The container of a service, stopped ones included; raises StackError where there is none."""
        if service in self._ids:  # one question instead of two
            with suppress(docker.NoSuchContainer):
                return self._inspect(self._ids[service])[0]
        found = self._list(f"com.docker.compose.service={service}")
        if not found:
            raise StackError(f"service `{service}` of `{self.project}` has no container")
        self._ids[service] = found[0].id
        return found[0]

    def containers(self) -> dict[str, docker.Container]:
        """{service: container} of this project, stopped ones included."""
        return {(one.config.labels or {})["com.docker.compose.service"]: one for one in self._list()}

    def traces(self) -> tuple[str, ...]:
        """What Docker holds of this project: 'container NAME', 'network NAME', 'volume NAME'."""
        kinds = {"container": ("ps", "--all", "--format", "{{.Names}}")}
        kinds |= {kind: (kind, "ls", "--format", "{{.Name}}") for kind in ("network", "volume")}
        asked = {kind: docker.ask(*words, *docker.of_project(self.project)) for kind, words in kinds.items()}
        return tuple(f"{kind} {name}" for kind, names in asked.items() for name in names.split())

    @contextmanager
    def events(self, service: str, *actions: str) -> Iterator[list[tuple[datetime, str]]]:
        """What the engine reports of the service's container meanwhile: (when, action), appended as it comes.

        The action of an exit is told with its code: 'die: 137'. Followed live: the engine remembers 256 events, and
        each health probe is three of them.
        """
        seen: list[tuple[datetime, str]] = []
        about = f"container={self.container(service).id}"
        with follow(about, actions, lambda one: seen.append((one.at, one.action)), whose=f"`{service}`"):
            yield seen

    @contextmanager
    def news(self, *actions: str) -> Iterator[list[News]]:
        """The same of every container of this project."""
        seen: list[News] = []
        with follow(docker.of_project(self.project)[1], actions, seen.append, whose=f"`{self.project}`"):
            yield seen

    def detection_bound(self, service: str) -> float:
        """Seconds in which Docker, by the health check's settings, finds out: 0 where there is no health check.

        A failure right after a probe is met by the next `retries` probes, each an interval later and up to a timeout
        long (Dockerfile reference, HEALTHCHECK).
        """
        check = self._health_check(service)
        if check is None:
            return 0.0
        interval, timeout = (check.interval or 30e9) / 1e9, (check.timeout or 30e9) / 1e9
        return (interval + timeout) * (check.retries or 3)

    def healed_bound(self, service: str) -> float:
        """Seconds from a fault to healthy, by the subject's own settings: to be found, to stop, to pass a first probe.

        How long the service itself takes to start is not declared anywhere, and not in it.
        """
        return self.detection_bound(service) + self.stop_grace(service) + self.first_probe_bound(service)

    def probe_program(self, service: str) -> tuple[str, ...]:
        """Where the program that the health check starts may be, by the container's PATH; empty where there is none."""
        test = self.probe(service)
        if not test:
            return ()
        if test[0] == "CMD-SHELL":
            return ("/bin/sh",)
        if "/" in test[1]:
            return (test[1],)
        environment = dict(one.split("=", 1) for one in self.container(service).config.env or () if "=" in one)
        return tuple(f"{folder}/{test[1]}" for folder in environment.get("PATH", SEARCH_PATH).split(":"))

    def probe(self, service: str) -> tuple[str, ...]:
        """The command of the health check, as the engine has it; empty where there is none."""
        check = self._health_check(service)
        return tuple(check.test or ()) if check else ()

    def stop_grace(self, service: str) -> float:
        """Seconds that Docker gives the service's container between asking it to stop and killing it."""
        told: float | None = json.loads(
            docker.ask("inspect", "--format", "{{json .Config.StopTimeout}}", self.container(service).id)
        )
        return 10.0 if told is None else float(told)

    def start_period(self, service: str) -> float:
        """Seconds after a start in which Docker forgives failures of the health check before its first success."""
        check = self._health_check(service)
        return ((check.start_period or 0) if check else 0) / 1e9

    def first_probe_bound(self, service: str) -> float:
        """Seconds after a start in which the health check by its settings answers once; 0 where there is none."""
        check = json.loads(
            docker.ask("inspect", "--format", "{{json .Config.Healthcheck}}", self.container(service).id)
        )
        if self._health_check(service) is None:
            return 0.0
        starting = (check.get("StartInterval") or 5e9) if check.get("StartPeriod") else 0
        return float(starting or check.get("Interval") or 30e9) / 1e9 + (self.probe_timeout(service) or 0.0)

    def restart_policy(self, service: str) -> str:
        """What Docker does when the service's main process ends: 'no', 'on-failure', 'always' or 'unless-stopped'."""
        policy = self.container(service).host_config.restart_policy
        return (policy.name if policy else "") or "no"

    def restart_delay_bound(self, service: str, *, after: int = 0) -> float:
        """Seconds for which Docker's restart policy holds the next restart back, at most; or after so many more.

        They are 0.1 and double with each restart up to 60; a run of 10 s resets them (Docker: restart policies).
        """
        return float(min(0.1 * 2 ** min((self.container(service).restart_count or 0) + after, 10), 60.0))

    def probe_timeout(self, service: str) -> float | None:
        """Seconds that the health check's settings give one probe; None where there is no health check."""
        check = self._health_check(service)
        return (check.timeout or 30e9) / 1e9 if check else None

    def logs(self, service: str, *, since: datetime | None = None) -> str:
        """What the service's container printed, both streams."""
        said = self._docker.container.logs(self.container(service), since=since)
        return said if isinstance(said, str) else ""

    def run_inside(self, service: str, *words: str, **environment: str) -> tuple[int, str]:
        """(exit code, both streams) of a command in the service's container; raises StackError where it has none."""
        return docker.run_inside(self.container(service).id, *words, **environment)

    def file_in_image(self, service: str, path: str) -> str:
        """The text of a file that the service's image holds; raises StackError where it has none, or no `cat`."""
        image = self.config["services"][service].get("image", "")
        labels = run_labels.options(self.labels)
        return docker.ask("run", "--rm", "--network", "none", *labels, "--entrypoint", "cat", image, path)

    def seen_of(self, service: str) -> dict[str, str]:
        """{place: text} of what whoever may ask Docker sees of a service, its processes and its image."""
        container = self.container(service)
        return {
            "inspect": docker.ask("inspect", container.id),
            "processes": docker.ask("top", container.id),
            "logs": self.logs(service),
            "image": docker.ask("image", "inspect", container.image),
            "image history": docker.ask("history", "--no-trunc", container.image),
        }

    def published(self) -> list[Published]:
        """Every port that a container of this project publishes on this machine."""
        return [
            Published(service=service, port=port, address=bound["HostIp"], host_port=int(bound["HostPort"]))
            for service, container in self.containers().items()
            for port, bindings in (container.network_settings.ports or {}).items()
            for bound in bindings or ()
        ]

    def address(self, service: str, port: int) -> str:
        """'127.0.0.1:N' that leads to this port of the service: as published, else through a relay in its networks."""
        if (service, port) not in self._relays:  # one that is there outlives restarts of the service
            container = self.container(service)
            if (bound := bound_to(container, port)) is not None:
                return bound
            networks = container.network_settings.networks or {}
            if not networks or "none" in networks:
                raise StackError(f"service `{service}` is on no network and publishes no port {port}")
            self._relays[service, port] = helper.open_relay(self.labels, networks, service, port)
        return str(bound_to(self._relays[service, port], port))

    @cached_property
    def images(self) -> dict[str, inspect.Image]:
        """{service: the image it runs, with its digest and where it came from}."""
        built = f"{self.project}-"  # how Compose names what it builds without being given a name
        services = self.config["services"]
        return inspect.look_at({name: spec.get("image") or f"{built}{name}" for name, spec in services.items()})

    def resolved(self) -> str:
        """The resolved Compose file as JSON."""
        return json.dumps(self.config, indent=2) + "\n"

    # behind it

    @property
    def _files(self) -> tuple[Path, ...]:
        return (self.directory / self.subject.compose_file.name, *self._overrides)

    def _compose(self, *words: str, files: tuple[Path, ...] = ()) -> tuple[str, ...]:
        named = [word for path in files or self._files for word in ("--file", str(path))]
        return ("compose", *named, "--project-name", self.project, *words)

    def _resolved(self, files: tuple[Path, ...]) -> Config:
        try:
            config: Config = json.loads(docker.ask(*self._compose("config", "--format", "json", files=files)))
        except StackError as problem:
            raise SubjectError(f"{self.subject.compose_file} does not resolve", details=problem.details) from problem
        return config

    @cached_property
    def _docker(self) -> docker.DockerClient:
        return docker.DockerClient(
            compose_files=list(self._files),
            compose_project_name=self.project,
            compose_project_directory=self.directory,
        )

    def _health_check(self, service: str) -> docker.ContainerHealthCheck | None:
        """The settings that the engine has for it, those of the image included."""
        check = self.container(service).config.healthcheck
        return None if check is None or not check.test or check.test == ["NONE"] else check

    def _list(self, *labels: str) -> list[docker.Container]:
        filters = [word for label in labels for word in ("--filter", f"label={label}")]
        ids = docker.ask("ps", "--all", "--quiet", *docker.of_project(self.project), *filters).split()
        return self._inspect(*ids) if ids else []

    def _inspect(self, *ids: str) -> list[docker.Container]:
        try:
            return self._docker.container.inspect(list(ids))
        except docker.NoSuchContainer:
            raise
        except docker.DockerException as problem:
            raise from_docker(problem, f"inspect containers of {self.project}") from problem

    def _any_ran(self) -> bool:
        """Whether a service was started and is not well: then that, and not Compose's words, is what went wrong."""
        return any(state and state.status != "created" for state in self.unwell().values())

    def _not_healthy(self) -> NotHealthyError:
        details = (f"{name}: {state or 'missing'}{self._last_words(name)}" for name, state in self.unwell().items())
        return NotHealthyError(
            f"stack `{self.project}` is not healthy",
            details=tuple(details),
            hint="`invoke logs` shows what every container said" if self.directory == self.subject.directory else "",
        )

    def _last_words(self, service: str) -> str:
        said = last_lines(self.logs(service), 1) if service in self.containers() else ()
        return f": {said[0][:300]}" if said else ""
