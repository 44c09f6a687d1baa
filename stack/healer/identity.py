"""Which container this is: it must know itself to know its project."""

import re
import socket
from pathlib import Path

from stack.healer.engine import Engine

# The engine mounts a container's own /etc/hostname from a directory named after the container.
MOUNT = re.compile(r"/containers/([0-9a-f]{64})/hostname /etc/hostname ")
PROJECT = "com.docker.compose.project"


class IdentityError(Exception):
    """Runs outside a container, or outside a Compose project."""


def own_id() -> str:
    """Name this container without asking anybody; by its host name where the mounts do not tell."""
    return from_mounts(Path("/proc/self/mountinfo").read_text()) or socket.gethostname()


def from_mounts(mountinfo: str) -> str:
    """Find the container's id among its mounts."""
    found = MOUNT.search(mountinfo)
    return found[1] if found else ""


async def own_project(engine: Engine, container: str) -> str:
    """Ask the engine for this container's project, and make sure that it speaks of this container."""
    seen = await engine.inspect(container)
    # `hostname: api` would otherwise lead to whichever container is *named* api.
    if not seen["Id"].startswith(container) or seen["Config"]["Hostname"] != socket.gethostname():
        raise IdentityError("cannot tell which container this is")
    project: str = (seen["Config"].get("Labels") or {}).get(PROJECT, "")
    if not project:
        raise IdentityError("this container belongs to no Compose project")
    return project
