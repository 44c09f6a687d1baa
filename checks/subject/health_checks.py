"""The health check that files declare for a service: its Compose file, and the Dockerfile it is built from.

What the Compose file does not say of it, test and times each, is the image's (daemon/commit.go of Moby, `merge`).
"""

from __future__ import annotations

from collections.abc import Mapping

from checks.core import image_reference
from checks.subject.dockerfile import Command
from checks.subject.image_recipe import recipe_of
from checks.subject.role_tables import ENGINES_OWN
from stack.driver.healthcheck import HealthCheck, read
from stack.driver.project import Config, seconds_in

NAMES = {
    "interval": "Interval",
    "timeout": "Timeout",
    "start_period": "StartPeriod",
    "start_interval": "StartInterval",
}
WITHOUT = frozenset({ENGINES_OWN, "prom", "valkey", "bitnami", "grafana/grafana"})  # publish none with their images


def declared_test(spec: Config) -> tuple[str, ...]:
    """As `docker inspect` will say it, with single dollars; empty where nothing is declared, or it is switched off."""
    told = spec.get("healthcheck") or {}
    test = [str(word).replace("$$", "$") for word in told.get("test") or ()]
    if told.get("disable") or test[:1] == ["NONE"]:
        return ()
    return tuple(test) or _test_of(_of_image(spec))


def declared_check(spec: Config) -> HealthCheck:
    """The same with its times, Docker's own where nothing is said of them."""
    told = {key: value for key, value in (spec.get("healthcheck") or {}).items() if value}
    times = {**_options_of(_of_image(spec)), **told}
    nanoseconds = {of_docker: seconds_in(str(times[key])) * 1e9 for key, of_docker in NAMES.items() if times.get(key)}
    return read({"Test": declared_test(spec), "Retries": int(times.get("retries") or 0), **nanoseconds})


def may_be_in_image(spec: Config) -> bool:
    """Whether the image may bring a health check that no file here tells of: one from elsewhere, and not known."""
    name = image_reference.parse(str(spec.get("image") or ""))
    told = spec.get("healthcheck") or {}
    if told.get("test") or told.get("disable") or "build" in spec or name is None:
        return False
    *before, last = name.name.split("/")
    organisation = before[-1] if before else ENGINES_OWN
    return organisation not in WITHOUT and f"{organisation}/{last}" not in WITHOUT


def _of_image(spec: Config) -> Command | None:
    recipe = recipe_of(spec)
    return recipe.health_check if recipe else None


def _test_of(told: Command | None) -> tuple[str, ...]:
    """What it runs: `CMD` and words, or `CMD-SHELL` and a line."""
    if told is None or told.value[:1] != ("CMD",):
        return ()
    return told.value if told.exec_form else ("CMD-SHELL", *told.value[1:])


def _options_of(told: Command | None) -> Mapping[str, str]:
    """What it is told: {"interval": "2s", ...}."""
    options = [flag.removeprefix("--").partition("=") for flag in (told.flags if told else ())]
    return {name.replace("-", "_"): value for name, _, value in options}
