"""The health check that files declare for a service: its Compose file, and the Dockerfile it is built from.

What the Compose file does not say of it, test and times each, is the image's (daemon/commit.go of Moby, `merge`).
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from checks.subject import dockerfile
from checks.subject.dockerfile import Command
from stack.driver.errors import SubjectError
from stack.driver.healthcheck import HealthCheck, read
from stack.driver.project import Config, seconds_in

NAMES = {
    "interval": "Interval",
    "timeout": "Timeout",
    "start_period": "StartPeriod",
    "start_interval": "StartInterval",
}


def declared_test(spec: Config) -> tuple[str, ...]:
    """As `docker inspect` will say it, with single dollars; empty where nothing is declared, or it is switched off."""
    told = spec.get("healthcheck") or {}
    test = [str(word).replace("$$", "$") for word in told.get("test") or ()]
    if told.get("disable") or test[:1] == ["NONE"]:
        return ()
    return tuple(test) or _test_of(_of_dockerfile(spec.get("build") or {}))


def declared_check(spec: Config) -> HealthCheck:
    """The same with its times, Docker's own where nothing is said of them."""
    told = {key: value for key, value in (spec.get("healthcheck") or {}).items() if value}
    times = {**_options_of(_of_dockerfile(spec.get("build") or {})), **told}
    nanoseconds = {of_docker: seconds_in(str(times[key])) * 1e9 for key, of_docker in NAMES.items() if times.get(key)}
    return read({"Test": declared_test(spec), "Retries": int(times.get("retries") or 0), **nanoseconds})


def _of_dockerfile(build: Config) -> Command | None:
    """The HEALTHCHECK of the stage that is built, or of one that it starts from; None where the file cannot be built.

    What is wrong with such a file is told by R1.
    """
    text = str(build.get("dockerfile_inline", ""))
    file = Path(build.get("context", "")) / str(build.get("dockerfile", "Dockerfile"))
    if not text and build and file.is_file():
        text = file.read_text(errors="replace")
    try:
        return _of_text(text, build) if text else None
    except SubjectError:
        return None


def _of_text(text: str, build: Config) -> Command | None:
    given = {name: str(value) for name, value in (build.get("args") or {}).items() if value is not None}
    whole = dockerfile.read(text, given, build.get("additional_contexts") or {})
    lineage = whole.lineage(whole.final(str(build.get("target") or "")))
    return next((stage.health_check for stage in lineage if stage.health_check), None)


def _test_of(told: Command | None) -> tuple[str, ...]:
    """What it runs: `CMD` and words, or `CMD-SHELL` and a line."""
    if told is None or told.value[:1] != ("CMD",):
        return ()
    return told.value if told.exec_form else ("CMD-SHELL", *told.value[1:])


def _options_of(told: Command | None) -> Mapping[str, str]:
    """What it is told: {"interval": "2s", ...}."""
    options = [flag.removeprefix("--").partition("=") for flag in (told.flags if told else ())]
    return {name.replace("-", "_"): value for name, _, value in options}
