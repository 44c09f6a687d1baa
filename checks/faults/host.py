"""From a service to its processes on the host, past Docker."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from stack.driver import docker
from stack.driver.errors import NothingThereError, StackError
from stack.driver.helper import python_image, translated
from stack.driver.labels import Labels

EXHAUST = (Path(__file__).parent / "agents" / "memory.py").read_text()
HURT = (Path(__file__).parent / "agents" / "container.py").read_text()
NEEDED = {  # to hurt a container in this way and to mend it: capabilities
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
SIGNAL = """
import os, sys, time
pid, number, wanted, within = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3], float(sys.argv[4])
def state():
    try:
        return open(f"/proc/{pid}/stat").read().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):  # the latter if it goes between open and read
        return "gone"
try:
    os.kill(pid, number)
except ProcessLookupError:
    pass  # told by its state
at = time.time()
deadline = time.monotonic() + within
while state() not in wanted.split() and time.monotonic() < deadline:
    time.sleep(0.005)
print(state(), at)
"""
CHILDREN = """
import sys
print(open(f"/proc/{sys.argv[1]}/task/{sys.argv[1]}/children").read())
"""


@dataclass(frozen=True, kw_only=True)
class Signalled:
    """What a signal did: the process state seen then (a letter of proc(5), or 'gone'), and when it was sent."""

    state: str
    at: datetime


def send_signal(labels: Labels, pid: int, number: int, wanted: str, within: float) -> Signalled:
    """Signal a process of this machine by pid, past Docker, which would take it for a wish of its user.

    Waits until its state is one of `wanted` (separated by spaces), for `within` seconds at most.
    """
    state, at = _on_host(labels, SIGNAL, str(pid), str(number), wanted, str(within)).split()
    return Signalled(state=state, at=datetime.fromtimestamp(float(at), UTC))


def exhaust_memory(labels: Labels, pid: int) -> bool:
    """Use up the memory of the container that a process is in; whether the kernel killed that process for it."""
    needed = ("KILL", "DAC_OVERRIDE")
    return _on_host(labels, EXHAUST, str(pid), volumes=CGROUPS, capabilities=needed) == "True"


@dataclass(frozen=True, kw_only=True)
class Hurt:
    """A container that was hurt: how, by which of its processes it was found, since when, and what it is mended by."""

    what: str
    pid: int
    container: str
    at: datetime
    kept: Mapping[str, Any]


def hurt(labels: Labels, what: str, pid: int, container: str, *more: str) -> Hurt:
    """Hurt the container of a process in one of the ways of hurt.py, by name.

    Raises NothingThereError where it has nothing to hurt in this way, StackError where it did not take hold.
    """
    kept = _told_by_hurt(labels, "hurt", what, pid, container, *more)
    return Hurt(what=what, pid=pid, container=container, at=datetime.fromtimestamp(kept["at"], UTC), kept=kept)


def mend(labels: Labels, hurt: Hurt) -> None:
    """Put back what was hurt, in a container that was not restarted since."""
    _told_by_hurt(labels, "mend", hurt.what, hurt.pid, hurt.container, json.dumps(hurt.kept))


def _told_by_hurt(labels: Labels, do: str, what: str, pid: int, container: str, *more: str) -> dict[str, Any]:
    words, needed = (do, what, str(pid), container, *more), NEEDED[what]
    told: dict[str, Any] = json.loads(
        _on_host(labels, HURT, *words, volumes=CGROUPS, capabilities=needed, confined=what != "cover")
    )
    if "error" in told:
        kind = NothingThereError if told["nothing there"] else StackError
        raise kind(f"container {container[:12]} cannot be {do} ({what}): {told['error']}")
    return told


def first_child(labels: Labels, pid: int) -> int:
    """The pid of the first child, for containers whose first process is an init."""
    return int(_on_host(labels, CHILDREN, str(pid)).split()[0])


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
