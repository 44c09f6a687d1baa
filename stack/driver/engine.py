"""Find a Docker engine that answers; where there is none, provide one from the distribution's packages."""

from __future__ import annotations

import json
import os
import platform
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from stack.driver import debian, docker
from stack.driver.errors import EngineError, last_lines

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
        raise EngineError("no Docker engine answers", hint="`invoke engine` finds or provides one")
    return engine


def ensure(say: Say) -> Engine:
    """The engine that answers, or one provided now; raises EngineError where neither is to be had."""
    return find() or _provide(say)


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


def stop(say: Say) -> None:
    """Stop the engine of this machine, in the way that `ensure` started it."""
    if _has_systemd():
        subprocess.run(["systemctl", "stop", "docker.socket", "docker"], check=True)
    elif ENGINE_PID.exists() and find():
        os.kill(int(ENGINE_PID.read_text()), signal.SIGTERM)
        _wait_until(lambda: not ENGINE_PID.exists(), "stop")
    else:
        raise EngineError("no engine of this machine runs, so none is stopped")
    say("engine stopped")


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
    return subprocess.run(["docker", "version"], capture_output=True, check=False).returncode == 0


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


def _provide(say: Say) -> Engine:
    distribution = _refuse_unless_possible()
    if not shutil.which("dockerd"):
        _install(distribution, say)
    _start(say)
    engine = find()
    if engine is None:
        raise EngineError("the Docker engine was started and does not answer", details=_log_tail())
    return engine


def _refuse_unless_possible() -> str:
    """The distribution's id; raises EngineError where providing an engine is not ours to do."""
    if host := os.environ.get("DOCKER_HOST"):
        raise EngineError(f"no Docker engine answers at DOCKER_HOST={host}", hint="start it, or unset DOCKER_HOST")
    distribution = debian.distribution()
    if distribution not in PACKAGES:
        raise EngineError(
            f"no Docker engine answers, and on {distribution} this does not install one",
            hint="install Docker Engine 25 or newer with Compose and Buildx, and start it",
        )
    if os.geteuid() != 0:
        raise EngineError(
            "no Docker engine answers, and installing or starting one needs root",
            hint="run `invoke engine` once as root, or ask whoever administers this machine",
        )
    return distribution


def _install(distribution: str, say: Say) -> None:
    wanted = PACKAGES[distribution]
    say(f"no Docker engine answers: installing {', '.join(wanted)} with apt-get")
    debian.apt("update")
    if distribution == "debian" and platform.freedesktop_os_release().get("VERSION_ID") == "12":
        say(f"from {NEWER_RELEASE}, for these packages only ({APT_SOURCE}): {', '.join(FROM_NEWER_RELEASE)}")
        _add_newer_release()
    debian.apt("install", "--yes", "--no-install-recommends", *wanted)


def _add_newer_release() -> None:
    """A source pinned so that nothing but the engine's own packages can ever come from it."""
    APT_SOURCE.write_text(
        f"Types: deb\nURIs: {debian.mirror()}\nSuites: {NEWER_RELEASE}\nComponents: main\n"
        "Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg\n"
    )
    APT_PREFERENCES.write_text(
        f"Package: *\nPin: release n={NEWER_RELEASE}\nPin-Priority: -1\n\n"
        f"Package: {' '.join(FROM_NEWER_RELEASE)}\nPin: release n={NEWER_RELEASE}\nPin-Priority: 500\n"
    )
    only_ours = ("-o", f"Dir::Etc::sourcelist={APT_SOURCE}", "-o", "Dir::Etc::sourceparts=-")
    debian.apt("update", *only_ours, "-o", "APT::Get::List-Cleanup=0")


def _start(say: Say) -> None:
    if _has_systemd():
        say("starting the engine with systemd")
        subprocess.run(["systemctl", "enable", "--now", "docker"], check=True, capture_output=True)
    else:
        say(f"starting the engine (no systemd here; it logs to {ENGINE_LOG})")
        with ENGINE_LOG.open("ab") as log:
            subprocess.Popen(["dockerd"], stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True)
    _wait_until(lambda: find() is not None, "answer")


def _has_systemd() -> bool:
    return Path("/run/systemd/system").is_dir()  # sd_booted(3)


def _wait_until(reached: Callable[[], bool], verb: str) -> None:
    deadline = time.monotonic() + START_SECONDS
    while not reached():
        if time.monotonic() > deadline:
            raise EngineError(f"the Docker engine did not {verb} within {START_SECONDS} s", details=_log_tail())
        time.sleep(0.1)


def _log_tail() -> tuple[str, ...]:
    if _has_systemd():
        return last_lines(_output("journalctl", "--unit", "docker", "--lines", "4", "--no-pager"))
    return last_lines(ENGINE_LOG.read_text(errors="replace")) if ENGINE_LOG.exists() else ()


def _output(*command: str) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout
