"""The Docker engine: find it, refuse one that is too old, watch whether it stays."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from stack.driver import docker
from stack.driver.errors import EngineError
from stack.driver.menu import task

Say = Callable[[str], None]
Number = tuple[int, ...]
# `start_interval` needs Engine 25; `!override` and `!reset` in Compose files need Compose 2.24.4.
OLDEST: dict[str, Number] = {"Docker Engine": (25, 0), "Docker Compose": (2, 24, 4), "Docker Buildx": (0, 10)}
NEWER_RELEASE = "trixie"  # its Docker packages need only the libc of bookworm, whose own engine is too old
FROM_NEWER_RELEASE = ("docker.io", "docker-cli", "docker-compose", "docker-buildx", "containerd")
PACKAGES = {
    "debian": ("docker.io", "docker-cli", "docker-compose", "docker-buildx"),
    "ubuntu": ("docker.io", "docker-compose-v2", "docker-buildx"),
}
APT_SOURCE = Path("/etc/apt/sources.list.d/compliance-engine.sources")
APT_PREFERENCES = Path("/etc/apt/preferences.d/compliance-engine")
ENGINE_LOG = Path("/var/log/dockerd.log")
ENGINE_PID = Path("/var/run/docker.pid")
START_SECONDS = 60


@dataclass(frozen=True, kw_only=True)
class Engine:
    """Versions of what answered, as they report themselves."""

    engine: str
    compose: str
    buildx: str


def require() -> Engine:
    """The engine that answers; raises EngineError where none does."""
    engine = find()
    if engine is None:
        raise EngineError("no Docker engine answers", hint=f"{task('engine')} finds or provides one")
    return engine


def find() -> Engine | None:
    """The engine that answers, checked against the oldest supported versions; None where none answers.

    Raises EngineError for one that answers but cannot be used: this user refused, too old, without Compose or Buildx.
    """
    try:
        info = subprocess.run(["docker", "info", "--format", "{{json .}}"], capture_output=True, text=True, check=False)
    except FileNotFoundError:
        return None
    answer = json.loads(info.stdout) if info.stdout.startswith("{") else {}
    if "permission denied" in f"{info.stderr} {answer.get('ServerErrors')}":
        raise EngineError(
            "the Docker engine refuses this user",
            hint="run as root, or add the user to the group that owns the engine's socket",
        )
    if not answer.get("ServerVersion"):
        return None
    plugins = {plugin["Name"]: plugin.get("Version", "") for plugin in answer["ClientInfo"]["Plugins"] or ()}
    engine = Engine(
        engine=answer["ServerVersion"], compose=plugins.get("compose", ""), buildx=plugins.get("buildx", "")
    )
    refuse_unusable(engine)
    return engine


@contextmanager
def watched() -> Iterator[Callable[[], bool]]:
    """Tells, whenever asked, whether the engine has been there all the time since."""
    follow = [*docker.UNTIL_WE_END, "docker", "events", "--filter", "type=daemon"]
    with subprocess.Popen(
        follow, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
    ) as events:
        try:
            yield lambda: answers() and events.poll() is None
        finally:
            events.terminate()


def answers() -> bool:
    """Whether an engine answers to the docker command."""
    try:
        return subprocess.run(["docker", "version"], capture_output=True, check=False).returncode == 0
    except FileNotFoundError:
        return False


def refuse_unusable(engine: Engine) -> None:
    """Raises EngineError naming the first part that is missing (an empty version) or older than supported."""
    found = {
        "Docker Engine": engine.engine,
        "Docker Compose": engine.compose,
        "Docker Buildx": engine.buildx,
    }
    for name, oldest in OLDEST.items():
        if not found[name]:
            raise EngineError(
                f"{name} is missing: the docker command does not know it",
                hint="install docker-compose and docker-buildx (Docker's own packages: docker-compose-plugin, ...)",
            )
        if numbers(found[name]) < oldest:
            wanted = ".".join(map(str, oldest))
            raise EngineError(
                f"{name} {found[name]} is too old: {wanted} or newer is needed",
                hint=f"upgrade it; `{NEWER_RELEASE}` and later Debian releases carry a newer one",
            )


def numbers(version: str) -> Number:
    """The first dotted number in a version string: '2.26.1-4' and 'v2.26.1' give (2, 26, 1)."""
    found = re.search(r"\d+(?:\.\d+)*", version)
    return tuple(int(part) for part in found[0].split(".")) if found else ()


def output_of(*command: str) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout
