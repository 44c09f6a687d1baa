"""What Prometheus is told to scrape, as its configuration says it where it lies."""

from __future__ import annotations

import itertools
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any

import yaml

from checks.core.place import Place
from checks.subject.links import names_of
from checks.subject.mounted import place_at, text_at
from checks.subject.roles import Found, Role
from checks.subject.stack import Files
from stack.driver.errors import SubjectError

DEFAULT_FILE = "/etc/prometheus/prometheus.yml"
OPTION = "--config.file"
USUAL_ROUTE = "/prom-metrics"  # where no file says another


@dataclass(frozen=True, kw_only=True)
class Job:
    """A scrape job: the targets that it names, under which path, and whether it finds others by itself."""

    name: str
    targets: tuple[str, ...]
    path: str
    discovers: bool

    def leading_to(self, names: Collection[str]) -> tuple[str, ...]:
        """Its targets on a host of one of these names, with a port or without."""
        return tuple(one for one in self.targets if one in names or one.rpartition(":")[0] in names)


def jobs(files: Files, service: str) -> tuple[Job, ...]:
    """Every scrape job of its configuration; raises SubjectError where that is not to be seen, or cannot be read."""
    path = _path(files, service)
    try:
        told = yaml.safe_load(text_at(files, service, path))
        return tuple(_job(one) for one in told.get("scrape_configs") or ())
    except (yaml.YAMLError, AttributeError, KeyError, TypeError) as problem:
        raise SubjectError(f"{path} of `{service}` is no configuration of Prometheus: {problem}") from problem


def metrics_route(files: Files) -> str:
    """Where the metrics of the api are: as its profile says, else where Prometheus is told to scrape them."""
    return files.subject.routes.metrics or scraped_at(files) or USUAL_ROUTE


def scraped_at(files: Files) -> str:
    """On which path the api is scraped, '' where files do not tell; of several jobs by the first that names it."""
    api, prometheus = (files.roles.findings[role] for role in (Role.API, Role.PROMETHEUS))
    if not (isinstance(api, Found) and isinstance(prometheus, Found)):
        return ""
    names = names_of(files.project.config, api.service)
    try:
        told = jobs(files, prometheus.service)
    except SubjectError:  # what is in its image, or made at the start, is left for a person to say
        return ""
    return next((job.path for job in told if job.leading_to(names)), "")


def configured_at(files: Files, service: str) -> Place | None:
    """The file that its scrape jobs stand in."""
    return place_at(files, service, _path(files, service))


def _path(files: Files, service: str) -> str:
    spec = files.services[service]
    words = [str(word) for word in (*(spec.get("entrypoint") or ()), *(spec.get("command") or ()))]
    for word, following in itertools.pairwise([*words, ""]):
        name, _, value = word.partition("=")
        if name.lstrip("-") == OPTION.lstrip("-"):
            return value or following
    return DEFAULT_FILE


def _job(told: dict[str, Any]) -> Job:
    return Job(
        name=str(told["job_name"]),
        targets=tuple(_targets(told)),
        path=str(told.get("metrics_path", "/metrics")),
        discovers=any(key.endswith("_sd_configs") for key in told),
    )


def _targets(told: dict[str, Any]) -> Iterator[str]:
    for group in told.get("static_configs") or ():
        yield from (str(target) for target in group.get("targets") or ())
