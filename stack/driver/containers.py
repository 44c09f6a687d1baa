"""What `docker inspect` says of a container."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from stack.driver import docker


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
class Published:
    """A port of a service's container (`5000/tcp`), and where the engine publishes it on this machine."""

    service: str
    port: str
    address: str
    host_port: int


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
