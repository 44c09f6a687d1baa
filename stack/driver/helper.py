"""Containers of our own beside a project's: a way into its networks, a look at its mounts."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

from stack.driver import docker, wait
from stack.driver.agents.tcp_forward import READY
from stack.driver.docker import from_docker
from stack.driver.errors import OutOfTimeError, StackError
from stack.driver.images import bases, sources
from stack.driver.labels import STACK_LABEL, Labels
from stack.driver.progress import Progress

FORWARD_SECONDS = 10.0
TCP_FORWARD = (Path(__file__).parent / "agents" / "tcp_forward.py").read_text()
EMPTY = """
import os, shutil
for entry in os.scandir("/folder"):
    shutil.rmtree(entry.path) if entry.is_dir(follow_symlinks=False) else os.unlink(entry.path)
"""
READ = """
import base64, json, os, sys
from contextlib import suppress
from pathlib import Path
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
PROCESSES = """
import json, sys
from contextlib import suppress
from pathlib import Path
found = {}
for folder in Path("/proc").glob("[0-9]*"):
    with suppress(FileNotFoundError, ProcessLookupError):  # it may end meanwhile
        if sys.argv[1] in (folder / "cgroup").read_text():  # this one's, whoever else is in its namespace
            status = dict(line.split(":", 1) for line in (folder / "status").read_text().splitlines())
            found[folder.name] = int(status["Uid"].split()[1])
print(json.dumps(found))
"""


def open_relay(labels: Labels, networks: Iterable[str], service: str, port: int) -> docker.Container:
    """A container that publishes `service`:`port` of those networks on a loopback port of its own choosing."""
    client = docker.DockerClient()
    with translated(f"open a way to {service}:{port}"):
        forwarder = client.run(
            python_image(), ["python3", "-I", "-c", TCP_FORWARD, service, str(port)], detach=True, remove=True,
            publish=[("127.0.0.1:", port)], labels=dict(labels), cap_drop=["ALL"], read_only=True,
        )  # fmt: skip
        assert isinstance(forwarder, docker.Container)
        for network in networks:
            client.network.connect(network, forwarder)
        ready = wait.until(
            lambda: client.container.logs(forwarder), lambda said: READY in said, within=FORWARD_SECONDS, every=0.05
        )
        if not ready.reached:
            raise OutOfTimeError(f"the forwarder to {service}:{port} did not start within {FORWARD_SECONDS:.0f} s")
        return client.container.inspect(forwarder.id)  # with the port it was given


def remove_all(project: str) -> None:
    """Remove every container that was opened beside this stack."""
    if found := docker.ask("ps", "--all", "--quiet", "--filter", f"label={STACK_LABEL}={project}").split():
        docker.ask("rm", "--force", *found)


def is_known(project: str) -> bool:
    """Whether Docker holds any container or network of this Compose project."""
    kinds = (("ps", "--all"), ("network", "ls"))
    return any(docker.ask(*kind, "--quiet", *docker.of_project(project)) for kind in kinds)


def empty_folder(folder: Path) -> None:
    """Remove what containers left in a folder under users of their own."""
    with translated(f"empty {folder}"):
        docker.DockerClient().run(
            python_image(), ["python3", "-I", "-S", "-c", EMPTY], remove=True, networks=["none"],
            volumes=[(folder, "/folder")],
        )  # fmt: skip


def read_files(labels: Labels, container: str, folder: str) -> dict[str, bytes]:
    """{path: content} of every file below a folder that a container has mounted, whether it runs or not."""
    found = json.loads(_on_mounts(labels, f"{container}:ro", READ, folder))
    return {path: base64.b64decode(content) for path, content in found.items()}


def users_of(labels: Labels, container: str) -> list[int]:
    """The effective user of each process of a container, as it has them itself."""
    with translated("look at the processes of a container"):
        said = docker.DockerClient().run(
            python_image(), ["python3", "-I", "-S", "-c", PROCESSES, container], remove=True, networks=["none"],
            labels=dict(labels), read_only=True, cap_drop=["ALL"], pid=f"container:{container}", user="65534",
            log_driver="none",
        )  # fmt: skip
    assert isinstance(said, str)
    return list(json.loads(said).values())


def write_into(labels: Labels, container: str, file: str, at: int, data: bytes) -> None:
    """Write bytes at a place of a file that a container has mounted; raises StackError if they are not seen there."""
    seen = bytes.fromhex(_on_mounts(labels, container, WRITE, file, str(at), data.hex()))
    if not seen.startswith(data):
        raise StackError(f"{len(data)} bytes could not be written into {file}")


def _on_mounts(labels: Labels, container: str, script: str, *arguments: str) -> str:
    with translated("look at what a container has mounted"):
        said = docker.DockerClient().run(
            python_image(), ["python3", "-I", "-S", "-c", script, *arguments], remove=True, networks=["none"],
            labels=dict(labels), read_only=True, cap_drop=["ALL"], cap_add=["DAC_OVERRIDE"],
            volumes_from=[container], log_driver="none",
        )  # fmt: skip
    assert isinstance(said, str)
    return said.strip()


@contextmanager
def translated(doing: str) -> Iterator[None]:
    try:
        yield
    except docker.DockerException as problem:
        raise from_docker(problem, doing) from problem


@cache
def python_image() -> str:
    """The Python base: it is here already where the shipped stack is, and is provided where another stack is tested."""
    with Progress() as progress:
        return sources.provide_bases((bases.PYTHON,), progress)[bases.PYTHON]
