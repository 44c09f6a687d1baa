"""Stack: a Compose project on the engine, the fixed one of `invoke up` or a fresh one of a check."""

from __future__ import annotations

import json
import os
import re
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path

from python_on_whales import Container, DockerClient
from python_on_whales.exceptions import DockerException

from stack import images, toolbox, waiting
from stack.board import Board
from stack.errors import NotHealthyError, PortTakenError, StackError, SubjectError, from_docker, last_lines
from stack.subject import LEFT_OUT_ALWAYS, PROFILE_NAME, Config, Role, Subject, find_roles, published
from stack.toolbox import Signalled

UP_SECONDS = 120
OVERRIDE_NAME = ".compliance.override.yaml"
PROGRESS = re.compile(r"Container (?P<container>\S+)\s+(?P<state>\w+)")


@dataclass(frozen=True, kw_only=True)
class ContainerState:
    """What `docker inspect` says of a service's container; `health` is '' where it has no health check."""

    status: str
    health: str
    exit_code: int
    started_at: datetime | None

    @property
    def well(self) -> bool:
        return self.status == "running" and self.health in {"healthy", ""}

    def __str__(self) -> str:
        if self.status == "exited":
            return f"exited (exit code {self.exit_code})"
        return f"{self.status}, {self.health}" if self.health else self.status


Sabotage = Callable[["Stack"], None]
"""Breaks a fresh stack before it starts: edits files in its directory, or calls `override`."""


class Stack:
    """One Compose project: its files in `directory`, its containers under the name `project`."""

    def __init__(self, subject: Subject, *, directory: Path, project: str | None = None) -> None:
        self.subject = subject
        self.directory = directory
        self._project = project
        self._overrides: list[Path] = []
        self._relays: dict[tuple[str, int], Container] = {}

    # what it is

    @cached_property
    def config(self) -> Config:
        """The resolved Compose file; raises SubjectError with Compose's words where it does not resolve."""
        try:
            return self._docker.compose.config(return_json=True)
        except DockerException as problem:
            raise SubjectError(
                f"{self.subject.compose_file} does not resolve", details=last_lines(problem.stderr or "")
            ) from problem

    @property
    def project(self) -> str:
        return self._project or str(self.config["name"])

    @property
    def services(self) -> tuple[str, ...]:
        """Every service that the Compose file names, in its order."""
        return tuple(self.config["services"])

    @cached_property
    def roles(self) -> dict[Role, str]:
        return find_roles(self.config, self.subject.roles)

    def dependencies(self, service: str) -> tuple[str, ...]:
        return tuple(self.config["services"][service].get("depends_on") or ())

    def password(self, login: str) -> str:
        """The password of a login that the profile names; raises SubjectError where it names none."""
        if login not in self.subject.credentials:
            raise SubjectError(f"{PROFILE_NAME} names no [credentials.{login}]")
        return (self.directory / self.subject.credentials[login].password_file).read_text().strip()

    # bring it up, take it down

    def override(self, text: str) -> None:
        """Lay another Compose file over those there are (YAML; `!override` and `!reset` work)."""
        path = self.directory / f"{OVERRIDE_NAME}.{len(self._overrides)}"
        path.write_text(text)
        self._overrides.append(path)
        for known in ("config", "roles", "_docker"):
            self.__dict__.pop(known, None)

    def up(self, board: Board, *, within: int = UP_SECONDS) -> None:
        """Start what is not running and wait until every service is healthy.

        Raises NotHealthyError naming each service that is not, PortTakenError, or StackError with Docker's words.
        """
        self._refuse_taken_ports()
        names = {f"{self.project}-{service}-1": service for service in self.services}
        progress = self._docker.compose.up(detach=True, wait=True, wait_timeout=within, no_build=True, stream_logs=True)
        try:
            for _, line in progress:
                if seen := PROGRESS.search(line.decode(errors="replace")):
                    board.show(names.get(seen["container"], seen["container"]), seen["state"].lower())
        except DockerException as problem:
            raise self._not_healthy(within) or from_docker(problem, f"start {self.project}") from problem

    def down(self, *, volumes: bool = False) -> None:
        """Stop and remove containers and networks; the data stays unless `volumes` are to go as well."""
        toolbox.remove_all(self.project)
        self._relays.clear()
        try:
            self._docker.compose.down(volumes=volumes, remove_orphans=True, quiet=True)
        except DockerException as problem:
            raise from_docker(problem, f"remove {self.project}") from problem

    def restart(self, service: str) -> None:
        """Restart the service's container in the ordinary way and wait until all is healthy again."""
        self._docker.compose.restart(service)
        self.wait_until_healthy()

    def wait_until_healthy(self, *, within: int = UP_SECONDS) -> None:
        """Raises NotHealthyError naming each service that is not healthy (or running, without a health check)."""
        waiting.first(self.unwell, lambda unwell: not unwell, within=within, every=0.25)
        if problem := self._not_healthy(within):
            raise problem

    # hurt it

    def main_process(self, service: str) -> int:
        """The pid on this machine of the container's first process, or of that one's child if the first is an init.

        0 where the container does not run.
        """
        container = self.container(service)
        pid = container.state.pid or 0
        return toolbox.first_child(self.project, pid) if pid and container.host_config.init else pid

    def signal(self, pid: int, number: int, *, wanted: str) -> Signalled:
        """Signal a process past Docker, and wait until it is in a state of `wanted` (see toolbox.send_signal)."""
        return toolbox.send_signal(self.project, pid, number, wanted)

    # look at it

    def state(self, service: str) -> ContainerState:
        return state_of(self.container(service))

    def unwell(self) -> dict[str, ContainerState | None]:
        """{service: its state} of each that is not healthy; None for one without a container."""
        containers = self.containers()
        states = {name: state_of(containers[name]) if name in containers else None for name in self.services}
        return {name: state for name, state in states.items() if state is None or not state.well}

    def container(self, service: str) -> Container:
        """The container of a service, stopped ones included; raises StackError where there is none."""
        found = self._list(f"com.docker.compose.service={service}")
        if not found:
            raise StackError(f"service `{service}` of `{self.project}` has no container")
        return found[0]

    def containers(self) -> dict[str, Container]:
        """{service: container} of this project, stopped ones included."""
        return {(one.config.labels or {})["com.docker.compose.service"]: one for one in self._list()}

    @contextmanager
    def events(self, service: str, *actions: str) -> Iterator[list[tuple[datetime, str]]]:
        """What the engine reports of the service's container meanwhile: (when, action), appended as it comes.

        Followed live: the engine remembers 256 events, and each health probe is three of them.
        """
        follow = ["docker", "events", "--format", "{{json .}}", "--filter", f"container={self.container(service).id}"]
        wanted = [word for action in actions for word in ("--filter", f"event={action}")]
        seen: list[tuple[datetime, str]] = []
        with subprocess.Popen([*follow, *wanted], stdout=subprocess.PIPE, text=True) as events:
            reader = threading.Thread(target=_append_events, args=(events, seen), daemon=True)
            reader.start()
            try:
                yield seen
            finally:
                events.terminate()
                reader.join()

    def detection_bound(self, service: str) -> float:
        """Seconds in which Docker, by the health check's settings, finds out: 0 where there is no health check.

        A failure right after a probe is met by the next `retries` probes, each an interval later and up to a timeout
        long (Dockerfile reference, HEALTHCHECK).
        """
        check = self.container(service).config.healthcheck
        if check is None or not check.test or check.test == ["NONE"]:
            return 0.0
        interval, timeout = (check.interval or 30e9) / 1e9, (check.timeout or 30e9) / 1e9
        return (interval + timeout) * (check.retries or 3)

    def logs(self, service: str) -> str:
        """What the service's container printed, both streams."""
        said = self._docker.container.logs(self.container(service))
        return said if isinstance(said, str) else ""

    def execute(self, service: str, command: list[str]) -> str:
        """Run a command in the service's container; raises StackError with what it said if it fails."""
        try:
            said = self._docker.container.execute(self.container(service), command)
        except DockerException as problem:
            raise from_docker(problem, f"run {command[0]} in {service}") from problem
        return said if isinstance(said, str) else ""

    def address(self, service: str, port: int) -> str:
        """'127.0.0.1:N' that leads to this port of the service: as published, else through a relay in its networks."""
        container = self.container(service)
        if (bound := bound_to(container, port)) is not None:
            return bound
        networks = container.network_settings.networks or {}
        if not networks or "none" in networks:
            raise StackError(f"service `{service}` is on no network and publishes no port {port}")
        if (service, port) not in self._relays:
            self._relays[service, port] = toolbox.open_relay(self.project, networks, service, port)
        return str(bound_to(self._relays[service, port], port))

    def images(self) -> dict[str, images.Image]:
        """{service: the image it runs, with its digest and where it came from}."""
        return {service: images.look_at(spec["image"]) for service, spec in self.config["services"].items()}

    def resolved(self) -> str:
        """The resolved Compose file as JSON."""
        return json.dumps(self.config, indent=2) + "\n"

    # behind it

    @cached_property
    def _docker(self) -> DockerClient:
        return DockerClient(
            compose_files=[self.directory / self.subject.compose_file.name, *self._overrides],
            compose_project_name=self._project,
            compose_project_directory=self.directory,
        )

    def _list(self, *labels: str) -> list[Container]:
        wanted = (f"com.docker.compose.project={self.project}", *labels)
        return self._docker.container.list(all=True, filters=[("label", label) for label in wanted])

    def _refuse_taken_ports(self) -> None:
        running = self.containers()
        for service, spec in self.config["services"].items():
            for port in spec.get("ports") or ():
                host, number = port.get("host_ip", "0.0.0.0"), int(port.get("published") or 0)  # noqa: S104
                if number and service not in running and _is_taken(host, number):
                    raise PortTakenError(
                        f"port {number} on {host} is taken, and service `{service}` publishes there",
                        hint=f"`ss -ltnp 'sport = :{number}'` shows who listens",
                    )

    def _not_healthy(self, within: int) -> NotHealthyError | None:
        unwell = {name: state for name, state in self.unwell().items() if state and state.status != "created"}
        if not unwell:
            return None
        details = (f"{name}: {state}{self._last_words(name)}" for name, state in unwell.items())
        return NotHealthyError(
            f"stack `{self.project}` did not become healthy (it had {within} s)",
            details=tuple(details),
            hint="`invoke logs` shows what every container said",
        )

    def _last_words(self, service: str) -> str:
        said = last_lines(self.logs(service), 1)
        return f": {said[0][:300]}" if said else ""


def fixed(subject: Subject) -> Stack:
    """The stack of `invoke up`: the subject where it stands, under its own project name."""
    return Stack(subject, directory=subject.directory)


@contextmanager
def fresh(subject: Subject, board: Board, sabotage: Sabotage | None = None) -> Iterator[Stack]:
    """A stack of its own, up and healthy: own name, own copy of the directory, ephemeral loopback ports.

    Whatever happens inside or on the way there, nothing of it is left behind.
    """
    project = f"checks-{secrets.token_hex(3)}"
    directory = Path(tempfile.mkdtemp(prefix=f"{project}-"))
    stack = Stack(subject, directory=directory, project=project)
    try:
        _copy(subject, directory)
        _prepare(subject, directory, board)
        stack.override(_detached(stack.config, project))
        if sabotage:
            sabotage(stack)
        stack.up(board)
        yield stack
    finally:
        _remove(stack)


def _copy(subject: Subject, directory: Path) -> None:
    left_out = shutil.ignore_patterns(*LEFT_OUT_ALWAYS, *subject.leave_out)
    try:
        shutil.copytree(subject.directory, directory, ignore=left_out, dirs_exist_ok=True, symlinks=True)
    except (OSError, shutil.Error) as problem:
        raise SubjectError(f"{subject.directory} could not be copied: {problem}") from problem


def _prepare(subject: Subject, directory: Path, board: Board) -> None:
    """Run what the profile names, with this project's Python first on the PATH."""
    if not subject.prepare:
        return
    search = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
    environment = os.environ | {"PYTHONPATH": str(images.PROJECT), "PATH": search}
    board.show("prepare", " ".join(subject.prepare))
    try:
        done = subprocess.run(
            subject.prepare, cwd=directory, env=environment, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
        )
    except OSError as problem:
        raise SubjectError(f"`prepare` cannot be run: {problem}") from problem
    if done.returncode != 0:
        raise SubjectError(f"`prepare` ended with {done.returncode}", details=last_lines(done.stderr, 8))


def _detached(config: Config, project: str) -> str:
    """An override that lets a copy run beside the original: no fixed names, ephemeral ports, on loopback only."""
    lines = ["services:"]
    for name, spec in config["services"].items():
        lines += [f"  {json.dumps(name)}:", f"    labels: {json.dumps({toolbox.RUN_LABEL: project})}"]
        if ports := [f"127.0.0.1::{port}" for port in published(spec)]:
            lines.append(f"    ports: !override {json.dumps(ports)}")
        if "container_name" in spec:
            lines.append("    container_name: !reset null")
    for kind in ("networks", "volumes"):
        if shared := _with_fixed_names(config, kind, project):
            lines += [f"{kind}:", *(f"  {json.dumps(name)}: {{ name: !reset null }}" for name in shared)]
    return "\n".join(lines) + "\n"


def _with_fixed_names(config: Config, kind: str, project: str) -> list[str]:
    """The networks or volumes that a copy would share with the original; raises SubjectError for external ones."""
    found = []
    for name, spec in (config.get(kind) or {}).items():
        if spec and spec.get("external"):
            raise SubjectError(f"{kind[:-1]} `{name}` is external: a fresh copy of the stack would share it")
        if spec and spec.get("name") != f"{project}_{name}":
            found.append(name)
    return found


def _remove(stack: Stack) -> None:
    """Everything of a fresh stack, its folder last; an interrupt that comes meanwhile waits for it."""
    with _uninterrupted():
        try:
            if toolbox.is_known(stack.project):
                stack.down(volumes=True)
        finally:
            _remove_folder(stack)


def _remove_folder(stack: Stack) -> None:
    try:
        shutil.rmtree(stack.directory)
    except PermissionError:  # a container wrote there as a user of its own
        toolbox.empty_folder(stack.project, stack.directory)
        shutil.rmtree(stack.directory)


@contextmanager
def _uninterrupted() -> Iterator[None]:
    """Hold SIGINT and SIGTERM back, and deliver them at the end."""
    held = {signal.SIGINT, signal.SIGTERM}
    signal.pthread_sigmask(signal.SIG_BLOCK, held)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, held)


def _append_events(events: subprocess.Popen[str], seen: list[tuple[datetime, str]]) -> None:
    for line in events.stdout or ():
        event = json.loads(line)
        seen.append((datetime.fromtimestamp(event["timeNano"] / 1e9, UTC), event["Action"]))


def state_of(container: Container) -> ContainerState:
    """What Docker said of this container when it was last asked."""
    seen = container.state
    return ContainerState(
        status=seen.status or "unknown",
        health=(seen.health.status or "") if seen.health else "",
        exit_code=seen.exit_code or 0,
        started_at=seen.started_at,
    )


def bound_to(container: Container, port: int) -> str | None:
    """Where a container's port is published, as '127.0.0.1:N'."""
    bindings = (container.network_settings.ports or {}).get(f"{port}/tcp") or []
    return f"127.0.0.1:{bindings[0]['HostPort']}" if bindings else None


def _is_taken(host: str, port: int) -> bool:
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return True
    return False
