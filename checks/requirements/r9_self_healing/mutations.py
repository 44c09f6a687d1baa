"""R9: what is broken in a copy of the stack, one thing each."""

import json
from pathlib import Path

from checks.subject.mutation import override
from checks.subject.roles import Role
from checks.subject.stack import Stack
from stack.driver.helper import python_image

RESTARTER = (Path(__file__).parent / "agents" / "other_healers.py").read_text()


def no_healer(stack: Stack) -> None:
    _without(stack, "healer", "healer-filter", "watchdog", "watchdog-filter")


WOKEN_INSIDE = """
(while sleep 1; do grep -q '^State:.T' /proc/1/status && sleep 20 && kill -CONT 1; done) &
exec "$$@"
"""  # later than it is found: Docker is to see it sick, and well again, and no start


def healed_inside(stack: Stack) -> None:
    """Nobody heals from outside, and Prometheus' container wakes its own service once it does not go on."""
    no_healer(stack)
    spec = stack.project.config["services"][stack.roles[Role.PROMETHEUS]]
    override(stack, Role.PROMETHEUS, entrypoint=["sh", "-c", WOKEN_INSIDE.strip(), "sh", *spec["entrypoint"]])


def no_watchdog(stack: Stack) -> None:
    _without(stack, "watchdog", "watchdog-filter")


def _without(stack: Stack, *services: str) -> None:
    stack.project.override(json.dumps({"services": {name: {"profiles": ["removed"]} for name in services}}))


def eager_healer(stack: Stack) -> None:
    """One more healer, which restarts what is stopped, paused, unhealthy or only stalled."""
    _beside(stack, "eager")


def polling_healer(stack: Stack) -> None:
    """A healer that asks every five seconds who is unhealthy, in place of the stack's own."""
    no_healer(stack)
    _beside(stack, "poll")


def _beside(stack: Stack, kind: str) -> None:
    words = ["python3", "-I", "-S", "-c", RESTARTER, kind, stack.project.name]
    socket = "${DOCKER_SOCKET:-/var/run/docker.sock}:/var/run/docker.sock"
    restarter = {"image": python_image(), "entrypoint": words, "network_mode": "none", "volumes": [socket]}
    more = {"labels": dict(stack.project.labels), "stop_grace_period": "0s"}
    stack.project.override(json.dumps({"services": {"restarter": restarter | more}}))


def undeclared_dependency(stack: Stack) -> None:
    """The service no longer says that it depends on Redis, so its sickness is taken for its own."""
    stack.project.override(f"services: {{ {json.dumps(stack.roles[Role.API])}: {{ depends_on: !reset {{}} }} }}")


def hours_to_stop(stack: Stack) -> None:
    """Whoever restarts it waits for as long as it is given to end by itself."""
    override(stack, Role.API, stop_grace_period="2h")
