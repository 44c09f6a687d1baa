"""Which container this is: it must know itself to know its project."""

import re
import socket
from dataclasses import dataclass
from pathlib import Path

from stack.healer.container import Container, read
from stack.healer.docker_api import Engine

# The engine mounts a container's own /etc/hostname from a directory named after the container.
MOUNT = re.compile(r"/containers/([0-9a-f]{64})/hostname /etc/hostname ")
PROJECT = "com.docker.compose.project"
DIRECTORY = f"{PROJECT}.working_dir"
SERVICE = "com.docker.compose.service"


@dataclass(frozen=True, kw_only=True)
class Project:
    """The Compose project that this container belongs to, the directory that it was started from, and the container."""

    name: str
    directory: str = ""
    container: str = ""

    def owns(self, container: Container) -> bool:
        """Tell whether Compose made a container for this very project: names alone are the same in many places."""
        return bool(container.service) and (container.project, container.directory) == (self.name, self.directory)


class IdentityError(Exception):
    """Runs outside a container, or outside a Compose project."""


def own_id() -> str:
    """Name this container without asking anybody; by its host name where the mounts do not tell."""
    return from_mounts(Path("/proc/self/mountinfo").read_text()) or socket.gethostname()


def from_mounts(mountinfo: str) -> str:
    """Find the container's id among its mounts."""
    found = MOUNT.search(mountinfo)
    return found[1] if found else ""


async def own_project(engine: Engine, container: str) -> Project:
    """Ask the engine for this container's project, and make sure that it speaks of this container."""
    seen = await engine.inspect(container)
    # `hostname: api` would otherwise lead to whichever container is *named* api.
    if not seen["Id"].startswith(container) or seen["Config"]["Hostname"] != socket.gethostname():
        raise IdentityError("cannot tell which container this is")
    own = read(seen)
    if not own.project:
        raise IdentityError("this container belongs to no Compose project")
    return Project(name=own.project, directory=own.directory, container=own.id)
