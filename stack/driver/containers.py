"""What `docker inspect` says of a container."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from stack.driver import docker
from stack.driver.healthcheck import SEARCH_PATH, RestartPolicy


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


@dataclass(frozen=True, kw_only=True)
class PortBinding:
    """A port of a service's container (`5000/tcp`), and where the engine publishes it on this machine."""

    service: str
    port: str
    address: str
    host_port: int


class Incarnation(NamedTuple):
    """Which run of a service this is: a restart keeps the container, a deployment makes another."""

    container: str
    started_at: datetime | None


def state_of(container: docker.Container) -> ContainerState:
    """What Docker said of this container when it was last asked."""
    seen = container.state
    return ContainerState(
        status=seen.status or "unknown",
        health=(seen.health.status or "") if seen.health else "",
        exit_code=seen.exit_code or 0,
        started_at=seen.started_at,
    )


def bound_to(container: docker.Container, port: int) -> str | None:
    """Where a container's port is published, as '127.0.0.1:N'."""
    bindings = (container.network_settings.ports or {}).get(f"{port}/tcp") or []
    return f"127.0.0.1:{bindings[0]['HostPort']}" if bindings else None


def incarnation_of(container: docker.Container) -> Incarnation:
    """Which run of its service a container is."""
    return Incarnation(container=container.id, started_at=container.state.started_at)


def published(containers: Mapping[str, docker.Container]) -> list[PortBinding]:
    """Every port that these containers, by service, publish on this machine."""
    return [
        PortBinding(service=service, port=port, address=bound["HostIp"], host_port=int(bound["HostPort"]))
        for service, container in containers.items()
        for port, bindings in (container.network_settings.ports or {}).items()
        for bound in bindings or ()
    ]


def restart_policy_of(container: docker.Container) -> RestartPolicy:
    """The restart policy of a container, and how often it has acted."""
    policy = container.host_config.restart_policy
    return RestartPolicy(name=(policy.name if policy else "") or "no", restarts=container.restart_count or 0)


def search_path_of(container: docker.Container) -> str:
    """The PATH of a container's processes."""
    environment = dict(one.split("=", 1) for one in container.config.env or () if "=" in one)
    return environment.get("PATH", SEARCH_PATH)


def logs_of(container: docker.Container, *, since: datetime | None = None) -> str:
    """What a container printed, both streams."""
    said = docker.DockerClient().container.logs(container, since=since)
    return said if isinstance(said, str) else ""
