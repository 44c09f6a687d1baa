"""What Prometheus scrapes, where a service has several tasks: each of them, by the names that Swarm's DNS has."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any

import yaml

REFRESH = "5s"  # a task that is new is scraped within this


def of_tasks(configuration: str, services: Collection[str]) -> str:
    """The same configuration with a look-up of tasks for each target that is one of these services.

    Targets on Prometheus' own machine stay; a job of which nothing is left goes.
    """
    read: dict[str, Any] = yaml.safe_load(configuration)
    jobs = [_looked_up(job, services) for job in read.get("scrape_configs") or ()]
    left = [job for job in jobs if job.keys() & {"static_configs", "dns_sd_configs"}]
    return yaml.safe_dump({**read, "scrape_configs": left}, sort_keys=False)


def _looked_up(job: Mapping[str, Any], services: Collection[str]) -> dict[str, Any]:
    groups = job.get("static_configs") or ()
    local = [{**group, "targets": here} for group in groups if (here := [*filter(_is_local, group["targets"])])]
    targets = [target for group in groups for target in group["targets"]]
    parts = {"static_configs": local, "dns_sd_configs": list(_lookups(targets, services))}
    kept = {key: value for key, value in job.items() if key != "static_configs"}
    return kept | {key: part for key, part in parts.items() if part}


def _lookups(targets: Collection[str], services: Collection[str]) -> Iterator[dict[str, Any]]:
    for target in targets:
        service, _, port = target.partition(":")
        if service in services:
            yield {"names": [f"tasks.{service}"], "type": "A", "port": int(port), "refresh_interval": REFRESH}


def _is_local(target: str) -> bool:
    return target.partition(":")[0] in {"127.0.0.1", "localhost"}
