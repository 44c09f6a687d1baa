"""The health check that files declare for a service: its Compose file, else the Dockerfile it is built from."""

from __future__ import annotations

import json
import re
from pathlib import Path

from stack.driver.healthcheck import HealthCheck, read
from stack.driver.project import Config, seconds_in

CONTINUED = re.compile(r"\\[ \t]*\n(?:[ \t]*#[^\n]*\n)*")
INSTRUCTION = "HEALTHCHECK"
NAMES = {
    "interval": "Interval",
    "timeout": "Timeout",
    "start_period": "StartPeriod",
    "start_interval": "StartInterval",
}
TIMES = re.compile(r"--(interval|timeout|start-period|start-interval|retries)=(\S+)")
OPTION = re.compile(r"--\S+\s+")


def declared_test(spec: Config) -> tuple[str, ...]:
    """As `docker inspect` will say it, with single dollars; empty where nothing is declared, or it is switched off."""
    told = spec.get("healthcheck")
    if told is None:
        return _of_dockerfile(spec.get("build") or {})
    test = [str(word).replace("$$", "$") for word in told.get("test") or ()]
    return () if told.get("disable") or test[:1] == ["NONE"] else tuple(test)


def declared_check(spec: Config) -> HealthCheck:
    """The same with its times, Docker's own where nothing is said of them."""
    told, test = spec.get("healthcheck") or {}, declared_test(spec)
    options = {} if told else _options_of(_dockerfile(spec.get("build") or {}))
    times = {
        key: told.get(key) or options.get(key) for key in ("interval", "timeout", "start_period", "start_interval")
    }
    nanoseconds = {NAMES[key]: seconds_in(str(time)) * 1e9 for key, time in times.items() if time}
    return read({"Test": test, "Retries": told.get("retries") or int(options.get("retries", 0)), **nanoseconds})


def _options_of(dockerfile: str) -> dict[str, str]:
    """What the last HEALTHCHECK is told: {"interval": "2s", ...}."""
    lines = [
        line for line in CONTINUED.sub(" ", dockerfile).splitlines() if line.strip().upper().startswith(INSTRUCTION)
    ]
    return {name.replace("-", "_"): value for name, value in TIMES.findall(lines[-1])} if lines else {}


def _of_dockerfile(build: Config) -> tuple[str, ...]:
    return test_in(_dockerfile(build))


def _dockerfile(build: Config) -> str:
    text = str(build.get("dockerfile_inline", ""))
    file = Path(build.get("context", "")) / str(build.get("dockerfile", "Dockerfile"))
    if not text and build and file.is_file():
        text = file.read_text(errors="replace")
    return text


def test_in(dockerfile: str) -> tuple[str, ...]:
    """What the last HEALTHCHECK of its last stage runs."""
    found: tuple[str, ...] = ()
    for line in CONTINUED.sub(" ", dockerfile.replace("\r\n", "\n")).splitlines():
        word, _, rest = line.strip().partition(" ")
        if word.upper() == "FROM":
            found = ()
        elif word.upper() == "HEALTHCHECK":
            found = _command(OPTION.sub("", rest.strip()) if rest.strip().startswith("--") else rest.strip())
    return found


def _command(rest: str) -> tuple[str, ...]:
    word, _, command = rest.partition(" ")
    if word.upper() != "CMD":
        return ()
    try:
        words = json.loads(command)
    except ValueError:
        return ("CMD-SHELL", command.strip())
    return ("CMD", *map(str, words))
