"""The health check that files declare for a service: its Compose file, else the Dockerfile it is built from."""

from __future__ import annotations

import json
import re
from pathlib import Path

from checks.core import image_reference
from checks.subject.image_recipe import steps_of
from checks.subject.role_tables import ENGINES_OWN
from stack.driver.healthcheck import HealthCheck, read
from stack.driver.project import Config, seconds_in

INSTRUCTION = "HEALTHCHECK"
NAMES = {
    "interval": "Interval",
    "timeout": "Timeout",
    "start_period": "StartPeriod",
    "start_interval": "StartInterval",
}
TIMES = re.compile(r"--(interval|timeout|start-period|start-interval|retries)=(\S+)")
OPTION = re.compile(r"--\S+\s+")
WITHOUT = frozenset({ENGINES_OWN, "prom", "valkey", "bitnami", "grafana/grafana"})  # publish none with their images


def declared_test(spec: Config) -> tuple[str, ...]:
    """As `docker inspect` will say it, with single dollars; empty where nothing is declared, or it is switched off."""
    told = spec.get("healthcheck") or {}
    test = [str(word).replace("$$", "$") for word in told.get("test") or ()]
    if told.get("disable") or test[:1] == ["NONE"]:
        return ()
    return tuple(test) or _of_dockerfile(spec.get("build") or {})


def declared_check(spec: Config) -> HealthCheck:
    """The same with its times, Docker's own where nothing is said of them; each that Compose leaves is the image's."""
    told, test = spec.get("healthcheck") or {}, declared_test(spec)
    options = _options_of(spec.get("build") or {})
    times = {
        key: told.get(key) or options.get(key) for key in ("interval", "timeout", "start_period", "start_interval")
    }
    nanoseconds = {NAMES[key]: seconds_in(str(time)) * 1e9 for key, time in times.items() if time}
    return read({"Test": test, "Retries": told.get("retries") or int(options.get("retries", 0)), **nanoseconds})


def may_be_in_image(spec: Config) -> bool:
    """Whether the image may bring a health check that no file here tells of: one from elsewhere, and not known."""
    name = image_reference.parse(str(spec.get("image") or ""))
    told = spec.get("healthcheck") or {}
    if told.get("test") or told.get("disable") or "build" in spec or name is None:
        return False
    *before, last = name.name.split("/")
    organisation = before[-1] if before else ENGINES_OWN
    return organisation not in WITHOUT and f"{organisation}/{last}" not in WITHOUT


def _options_of(build: Config) -> dict[str, str]:
    """What the last HEALTHCHECK is told: {"interval": "2s", ...}."""
    told = _last(_dockerfile(build), str(build.get("target") or ""))
    return {name.replace("-", "_"): value for name, value in TIMES.findall(told)}


def _of_dockerfile(build: Config) -> tuple[str, ...]:
    return test_in(_dockerfile(build), str(build.get("target") or ""))


def _dockerfile(build: Config) -> str:
    text = str(build.get("dockerfile_inline", ""))
    file = Path(build.get("context", "")) / str(build.get("dockerfile", "Dockerfile"))
    if not text and build and file.is_file():
        text = file.read_text(errors="replace")
    return text


def test_in(dockerfile: str, target: str) -> tuple[str, ...]:
    """What the last HEALTHCHECK of a stage runs, or of one it starts from; of the last stage without a target."""
    told = _last(dockerfile, target)
    while told.startswith("--"):
        told = OPTION.sub("", told, count=1)
    return _command(told)


def _last(dockerfile: str, target: str) -> str:
    return next((rest for word, rest in reversed(steps_of(dockerfile, target)) if word == INSTRUCTION), "")


def _command(rest: str) -> tuple[str, ...]:
    word, _, command = rest.partition(" ")
    if word.upper() != "CMD":
        return ()
    try:
        words = json.loads(command)
    except ValueError:
        return ("CMD-SHELL", command.strip())
    return ("CMD", *map(str, words))
