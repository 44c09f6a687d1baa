"""Provide an engine from Debian's packages where there is none, and start and stop it, with or without systemd."""

from __future__ import annotations

import os
import platform
import shutil
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

from stack.driver import debian
from stack.driver.engine import (
    APT_PREFERENCES,
    APT_SOURCE,
    ENGINE_LOG,
    ENGINE_PID,
    FROM_NEWER_RELEASE,
    NEWER_RELEASE,
    PACKAGES,
    START_SECONDS,
    Engine,
    Say,
    find,
    output_of,
)
from stack.driver.errors import EngineError, last_lines
from stack.driver.menu import task


def ensure(say: Say) -> Engine:
    """The engine that answers, or one provided now; raises EngineError where neither is to be had."""
    return find() or _provide(say)


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
            hint=f"run {task('engine')} once as root, or ask whoever administers this machine",
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
        return last_lines(output_of("journalctl", "--unit", "docker", "--lines", "4", "--no-pager"))
    return last_lines(ENGINE_LOG.read_text(errors="replace")) if ENGINE_LOG.exists() else ()
