"""From a service to its processes on the host, past Docker."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from checks.subject.stack import Stack
from stack.driver import docker
from stack.driver.errors import NothingThereError, OutOfTimeError, StackError
from stack.driver.helper import python_image, translated
from stack.driver.labels import Labels

MEMORY_AGENT = (Path(__file__).parent / "agents" / "memory.py").read_text()
PROCESS_AGENT = (Path(__file__).parent / "agents" / "process.py").read_text()
CONTAINER_AGENT = (Path(__file__).parent / "agents" / "container.py").read_text()
NEEDED = {  # to inject this fault into a container and to revert it: capabilities
    "freeze": (),
    "pids": (),
    "deafen": ("SYS_PTRACE", "DAC_READ_SEARCH", "NET_ADMIN", "SYS_ADMIN"),  # its sockets, and a look from its network
    "cut-off": ("SYS_PTRACE", "SYS_ADMIN", "NET_ADMIN"),
    "cover": ("SYS_PTRACE", "SYS_ADMIN", "SYS_CHROOT"),
    "files": ("SETUID", "SETGID"),
    "crash-at-start": ("KILL",),
    "stall": ("KILL",),
}
CGROUPS = (("/sys/fs/cgroup", "/cgroup"),)


@dataclass(frozen=True, kw_only=True)
class Signalled:
    """What a signal did: the process state seen then (a letter of proc(5), or 'gone'), and when it was sent."""

    state: str
    at: datetime


def send_signal(labels: Labels, pid: int, number: int, *, wanted: str, within: float = 2.0) -> Signalled:
    """Signal a process of this machine by pid, past Docker, which would take it for a wish of its user.

    Waits until its state is one of `wanted` (separated by spaces), for `within` seconds at most.
    """
    state, at = _on_host(labels, PROCESS_AGENT, "signal", str(pid), str(number), wanted, str(within)).split()
    return Signalled(state=state, at=datetime.fromtimestamp(float(at), UTC))


def exhaust_memory(labels: Labels, pid: int) -> bool:
    """Use up the memory of the container that a process is in; whether the kernel killed that process for it."""
    needed = ("KILL", "DAC_OVERRIDE")
    return _on_host(labels, MEMORY_AGENT, str(pid), volumes=CGROUPS, capabilities=needed) == "True"


@dataclass(frozen=True, kw_only=True)
class Injection:
    """A fault in a container: which, by which of its processes it was found, since when, and what reverts it."""

    fault: str
    pid: int
    container: str
    at: datetime
    kept: Mapping[str, Any]


def main_process(stack: Stack, service: str) -> int:
    """The pid on this machine of the container's first process, or of that one's child if the first is an init.

    0 where the container does not run.
    """
    container = stack.runner.container(service)
    pid = container.state.pid or 0
    return first_child(stack.project.labels, pid) if pid and container.host_config.init else pid


def inject(stack: Stack, service: str, fault: str, *more: str) -> Injection:
    """Inject a fault into the service's container; raises StackError as well where it does not run."""
    if (pid := main_process(stack, service)) == 0:
        raise StackError(f"service `{service}` does not run, so no fault can be injected")
    return inject_into(stack.project.labels, fault, pid, stack.runner.container(service).id, *more)


def revert(stack: Stack, service: str, injection: Injection) -> None:
    """Put that back, unless the container was restarted or has ended since: then there is nothing left of it."""
    if main_process(stack, service) == injection.pid:
        try:
            revert_in(stack.project.labels, injection)
        except StackError:
            if main_process(stack, service) == injection.pid:  # else it was restarted just now
                raise


def inject_into(labels: Labels, fault: str, pid: int, container: str, *more: str) -> Injection:
    """Inject a fault into the container of a process past Docker, in one of the ways of agents/container.py, by name.

    Raises NothingThereError where it has nothing to break in this way, StackError where it did not take hold.
    """
    kept = _told_by_agent(labels, "inject", fault, pid, container, *more)
    return Injection(fault=fault, pid=pid, container=container, at=datetime.fromtimestamp(kept["at"], UTC), kept=kept)


def revert_in(labels: Labels, injection: Injection) -> None:
    """Put back what was broken, in a container that was not restarted since."""
    one = injection
    _told_by_agent(labels, "revert", one.fault, one.pid, one.container, json.dumps(one.kept))


def _told_by_agent(labels: Labels, do: str, fault: str, pid: int, container: str, *more: str) -> dict[str, Any]:
    words, needed = (do, fault, str(pid), container, *more), NEEDED[fault]
    told: dict[str, Any] = json.loads(
        _on_host(labels, CONTAINER_AGENT, *words, volumes=CGROUPS, capabilities=needed, confined=fault != "cover")
    )
    if "error" in told:
        kind = NothingThereError if told["nothing there"] else OutOfTimeError if told["late"] else StackError
        raise kind(f"container {container[:12]} cannot be dealt with ({do} {fault}): {told['error']}")
    return told


def first_child(labels: Labels, pid: int) -> int:
    """The pid of the first child, for containers whose first process is an init."""
    return int(_on_host(labels, PROCESS_AGENT, "children", str(pid)).split()[0])


def _on_host(
    labels: Labels,
    script: str,
    *arguments: str,
    volumes: Sequence[tuple[str, str]] = (),
    capabilities: Sequence[str] = ("KILL",),
    confined: bool = True,
) -> str:
    with translated("look at a process from a helper container"):
        said = docker.DockerClient().run(
            python_image(), ["python3", "-I", "-S", "-c", script, *arguments], remove=True, pid="host",
            networks=["none"], labels=dict(labels), read_only=True, cap_drop=["ALL"], cap_add=list(capabilities),
            cgroupns="host", volumes=list(volumes),
            security_options=[] if confined else ["apparmor=unconfined"],  # which lets nobody mount anything
        )  # fmt: skip
    assert isinstance(said, str)
    return said.strip()
