"""Compose brings a project up and down, and says how its services are."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

UP_SECONDS = 120
LOOK_SECONDS = 0.25  # each look costs processor time, of which checks in parallel have little
DOWN = {"exited", "dead", "restarting", "unhealthy"}
DOWN_SECONDS = 5.0
PROGRESS = re.compile(r"Container (?P<container>\S+)\s+(?P<state>\w+)")


@dataclass(frozen=True, kw_only=True)
class Glance:
    """A service in two words: 'healthy' (or running, without a health check) or what else it is; where it listens."""

    health: str
    addresses: tuple[str, ...] = ()


def all_well(seen: dict[str, Glance]) -> bool:
    return all(glance.health == "healthy" for glance in seen.values())


def in_a_word(state: str, status: str) -> str:
    """'running', 'Up 2 seconds (health: starting)' is starting; running without a health check counts as healthy."""
    if state != "running" or "(" not in status:
        return "healthy" if state == "running" else state
    return status.rpartition("(")[2].rstrip(")").removeprefix("health: ").lower()


def addresses_in(ports: str) -> tuple[str, ...]:
    """'127.0.0.1:5000->5000/tcp, 6379/tcp' as what can be reached from the host: ('127.0.0.1:5000',)."""
    return tuple(port.partition("->")[0] for port in ports.split(", ") if "->" in port)


@contextmanager
def running_command(command: list[str]) -> Iterator[subprocess.Popen[str]]:
    """A command whose stderr is read as it comes, and which ends when whoever reads is interrupted."""
    with subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        errors="replace",
    ) as process:
        try:
            yield process
        except BaseException:
            process.terminate()
            raise
