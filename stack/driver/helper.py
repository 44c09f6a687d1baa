"""Containers of our own beside the subject's: a way into its networks, and signals to its processes."""

from __future__ import annotations

import base64
import json
import subprocess
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import IO, Any

from stack import ROOT
from stack.driver import docker, wait
from stack.driver.agents.tcp_forward import READY
from stack.driver.docker import from_docker, from_words
from stack.driver.errors import NothingThereError, StackError
from stack.driver.images import bases
from stack.driver.progress import Board
from stack.ops.agents import aof_archive

RUN_LABEL = "compose-compliance.run"
STACK_LABEL = "compose-compliance.stack"
DEADLINE_LABEL = "compose-compliance.deadline"
HOME_LABEL = "compose-compliance.home"
Labels = Mapping[str, str]
RELAY_SECONDS = 10.0
RELAY = (Path(__file__).parent / "agents" / "tcp_forward.py").read_text()
AOF_COPY = Path(aof_archive.__file__).read_text()
EXHAUST = (ROOT / "checks" / "faults" / "agents" / "memory.py").read_text()
HURT = (ROOT / "checks" / "faults" / "agents" / "container.py").read_text()
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
EMPTY = """
import os, shutil
for entry in os.scandir("/folder"):
    shutil.rmtree(entry.path) if entry.is_dir(follow_symlinks=False) else os.unlink(entry.path)
"""
FSYNC = """
import json, os, sys, tempfile
def told(path):
    with open(path) as file:
        return file.read()
counted = [told("/proc/diskstats")]
with tempfile.NamedTemporaryFile(dir="/folder") as file:  # with a name: btrfs logs no file that has none
    for _ in range(int(sys.argv[1])):
        os.write(file.fileno(), b"a line for the disk\\n")
        os.fdatasync(file.fileno())
        counted.append(told("/proc/diskstats"))
kernel, mounts = told("/proc/sys/kernel/random/boot_id"), told("/proc/self/mountinfo")
print(json.dumps({"kernel": kernel.strip(), "mountinfo": mounts, "diskstats": counted}))
"""
READ = """
import base64, json, os, sys
from contextlib import suppress
from pathlib import Path

from stack import ROOT
found, folder = {}, Path(sys.argv[1])
for path in folder.rglob("*"):
    with suppress(FileNotFoundError):  # it may go meanwhile
        if path.is_file():
            found[str(path.relative_to(folder))] = base64.b64encode(path.read_bytes()).decode()
print(json.dumps(found))
"""
WRITE = """
import os, sys
with open(sys.argv[1], "r+b") as file:
    file.seek(int(sys.argv[2]))
    file.write(bytes.fromhex(sys.argv[3]))
    file.flush()
    os.fsync(file.fileno())
    file.seek(int(sys.argv[2]))
    print(file.read().hex())
"""
CHILDREN = """
import sys
print(open(f"/proc/{sys.argv[1]}/task/{sys.argv[1]}/children").read())
"""


def open_relay(labels: Labels, networks: Iterable[str], service: str, port: int) -> docker.Container:
    """A container that publishes `service`:`port` of those networks on a loopback port of its own choosing."""
    client = docker.DockerClient()
    with _told(f"open a way to {service}:{port}"):
        relay = client.run(
            python_image(), ["python3", "-I", "-c", RELAY, service, str(port)], detach=True, remove=True,
            publish=[("127.0.0.1:", port)], labels=dict(labels), cap_drop=["ALL"], read_only=True,
        )  # fmt: skip
        assert isinstance(relay, docker.Container)
        for network in networks:
            client.network.connect(network, relay)
        ready = wait.first(
            lambda: client.container.logs(relay), lambda said: READY in said, within=RELAY_SECONDS, every=0.05
        )
        if not ready.reached:
            raise StackError(f"the relay to {service}:{port} did not start within {RELAY_SECONDS:.0f} s")
        return client.container.inspect(relay.id)  # with the port it was given


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


def remove_all(project: str) -> None:
    """Remove every container that was opened beside this stack."""
    client = docker.DockerClient()
    for container in client.container.list(all=True, filters=[("label", f"{STACK_LABEL}={project}")]):
        client.container.remove(container, force=True)


def is_known(project: str) -> bool:
    """Whether Docker holds any container or network of this Compose project."""
    kinds = (("ps", "--all"), ("network", "ls"))
    return any(docker.ask(*kind, "--quiet", *docker.of_project(project)) for kind in kinds)


def empty_folder(folder: Path) -> None:
    """Remove what containers left in a folder under users of their own."""
    with _told(f"empty {folder}"):
        docker.DockerClient().run(
            python_image(), ["python3", "-I", "-S", "-c", EMPTY], remove=True, networks=["none"],
            volumes=[(folder, "/folder")],
        )  # fmt: skip


def fsync_in(labels: Labels, folder: Path, times: int) -> str:
    """A file of our own in a folder appended to and fsynced so many times, then removed.

    Gives, as JSON, what the helper sees: the id of the kernel's boot, the mounts (the folder is at /folder), and
    /proc/diskstats before the first fsync and after each.
    """
    with _told(f"fsync a file in {folder}"):
        said = docker.DockerClient().run(
            python_image(), ["python3", "-I", "-S", "-c", FSYNC, str(times)], remove=True, networks=["none"],
            labels=dict(labels), read_only=True, cap_drop=["ALL"], cap_add=["DAC_OVERRIDE"],
            volumes=[(folder, "/folder")],
        )  # fmt: skip
    assert isinstance(said, str)
    return said.strip()


def read_files(labels: Labels, container: str, folder: str) -> dict[str, bytes]:
    """{path: content} of every file below a folder that a container has mounted, whether it runs or not."""
    found = json.loads(_on_mounts(labels, f"{container}:ro", READ, folder))
    return {path: base64.b64decode(content) for path, content in found.items()}


def write_into(labels: Labels, container: str, file: str, at: int, data: bytes) -> None:
    """Write bytes at a place of a file that a container has mounted; raises StackError if they are not seen there."""
    seen = bytes.fromhex(_on_mounts(labels, container, WRITE, file, str(at), data.hex()))
    if not seen.startswith(data):
        raise StackError(f"{len(data)} bytes could not be written into {file}")


def copy_append_only_file(labels: Labels, container: str, folders: Sequence[str], out: IO[bytes]) -> None:
    """Write a tar of the append-only file below folders that a container has mounted (see aof_copy) to a file."""
    _piped(labels, "copy Redis' append-only file", f"{container}:ro", ("take", *folders), stdout=out)


def put_append_only_file_back(labels: Labels, container: str, folders: Sequence[str], given: IO[bytes]) -> str:
    """Replace it by that of such a tar; gives where what was there is kept, as the container sees it, or ''.

    Raises StackError where it could not be, and what was there stays.
    """
    said = _piped(labels, "put an append-only file back", container, ("put_back", *folders), stdin=given)
    return said.decode().strip()


def _piped(
    labels: Labels,
    doing: str,
    volumes_from: str,
    arguments: Iterable[str],
    stdin: IO[bytes] | int = subprocess.DEVNULL,
    stdout: IO[bytes] | int = subprocess.PIPE,
) -> bytes:
    """aof_copy in a helper container, on files of this machine: python-on-whales has only text for that."""
    command = (
        "docker", "run", "--interactive", "--rm", *words(labels), "--network", "none", "--read-only",
        "--log-driver", "none",  # the data are nobody's log
        "--cap-drop", "ALL", "--cap-add", "DAC_OVERRIDE", "--cap-add", "CHOWN", "--cap-add", "FOWNER",
        "--volumes-from", volumes_from, python_image(), "python3", "-I", "-S", "-c", AOF_COPY, *arguments,
    )  # fmt: skip
    done = subprocess.run(command, stdin=stdin, stdout=stdout, stderr=subprocess.PIPE, check=False)
    if done.returncode != 0:
        raise from_words(done.stderr.decode(errors="replace"), doing)
    return done.stdout or b""


def words(labels: Labels) -> list[str]:
    """The options that give labels to what the docker command makes."""
    return [word for label in labels.items() for word in ("--label", "=".join(label))]


def _on_mounts(labels: Labels, container: str, script: str, *arguments: str) -> str:
    with _told("look at what a container has mounted"):
        said = docker.DockerClient().run(
            python_image(), ["python3", "-I", "-S", "-c", script, *arguments], remove=True, networks=["none"],
            labels=dict(labels), read_only=True, cap_drop=["ALL"], cap_add=["DAC_OVERRIDE"],
            volumes_from=[container], log_driver="none",
        )  # fmt: skip
    assert isinstance(said, str)
    return said.strip()


def _on_host(
    labels: Labels,
    script: str,
    *arguments: str,
    volumes: Sequence[tuple[str, str]] = (),
    capabilities: Sequence[str] = ("KILL",),
    confined: bool = True,
) -> str:
    with _told("look at a process from a helper container"):
        said = docker.DockerClient().run(
            python_image(), ["python3", "-I", "-S", "-c", script, *arguments], remove=True, pid="host",
            networks=["none"], labels=dict(labels), read_only=True, cap_drop=["ALL"], cap_add=list(capabilities),
            cgroupns="host", volumes=list(volumes),
            security_options=[] if confined else ["apparmor=unconfined"],  # which lets nobody mount anything
        )  # fmt: skip
    assert isinstance(said, str)
    return said.strip()


@contextmanager
def _told(doing: str) -> Iterator[None]:
    try:
        yield
    except docker.DockerException as problem:
        raise from_docker(problem, doing) from problem


@cache
def python_image() -> str:
    """The Python base: it is here already where the shipped stack is, and is provided where another stack is tested."""
    with Board() as board:
        return bases.provide_bases((bases.PYTHON,), board)[bases.PYTHON]
