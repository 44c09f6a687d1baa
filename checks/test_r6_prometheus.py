"""R6: Prometheus gets the metrics from the app."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pytest
import requests
from prometheus_client.parser import text_string_to_metric_families

from checks.evidence import Evidence
from checks.items import Items
from checks.verdict import Violation, judges
from stack import waiting
from stack.driver import Stack
from stack.subject import Role, published

REQUESTS = 23  # a number that no other traffic is likely to add up to
ANSWER_SECONDS = 5.0
SCRAPES_SECONDS = 90.0  # for a target to be scraped, at the usual intervals
SERIES_SECONDS = 30.0  # for a value that the service exposes to be seen in Prometheus

Json = Any


@dataclass(frozen=True, kw_only=True)
class Target:
    """A scrape target of Prometheus that leads to the service."""

    job: str
    url: str
    health: str
    error: str


@dataclass(frozen=True, kw_only=True)
class Targets:
    """Every target on the service's address."""

    targets: tuple[Target, ...]


@judges(Targets)
def target_violations(seen: Targets) -> list[Violation]:
    if any(target.health == "up" for target in seen.targets):
        return []
    told = [f"{target.url} (job {target.job}): {target.health} {target.error}".strip() for target in seen.targets]
    return [Violation("target-up", seen=told or "no target leads to the service", wanted="up")]


@dataclass(frozen=True, kw_only=True)
class Counted:
    """How far the service's request counters moved while N requests were sent; None where Prometheus has no value.

    `exposed` is what the service itself said, `in_prometheus` what Prometheus said of the same series afterwards,
    both as the rise over what the service said before.
    """

    requests: int
    series: str
    exposed: float
    in_prometheus: float | None


@judges(Counted)
def counted_violations(seen: Counted) -> list[Violation]:
    if seen.series and seen.requests > 0 and seen.exposed == seen.in_prometheus == seen.requests:
        return []
    told = f"{seen.series or 'no counter'} rose by {seen.in_prometheus} (by {seen.exposed} in the service)"
    return [Violation("counter-moves-exactly", seen=told, wanted=seen.requests)]


def look_at_targets(stack: Stack) -> Targets:
    """The targets once one of them is up, or was scraped in vain twice, or when the time is over."""
    scrapes: set[str] = set()

    def settled(found: list[Json]) -> bool:
        scrapes.update(one["lastScrape"] for one in found if one["health"] == "down")
        return any(one["health"] == "up" for one in found) or len(scrapes) > 1

    found = waiting.first(lambda: _targets(stack), settled, within=SCRAPES_SECONDS, every=0.5).value
    return Targets(
        targets=tuple(
            Target(job=one["labels"]["job"], url=one["scrapeUrl"], health=one["health"], error=one["lastError"])
            for one in found
        )
    )


def count_requests(stack: Stack, *, and_unannounced: int = 0) -> Counted:
    """Send N requests and follow the counter that moved from the service into Prometheus."""
    items = Items(stack)
    url = items.url(stack.subject.routes.get + "counted")
    requests.get(url, timeout=ANSWER_SECONDS)  # the series exists from its first request on
    before = _exposed(items)
    with requests.Session() as session:
        for _ in range(REQUESTS + and_unannounced):
            session.get(url, timeout=ANSWER_SECONDS)
    after = _exposed(items)
    moved = {
        name: after[name] - before.get(name, 0.0) for name in after if after[name] - before.get(name, 0.0) >= REQUESTS
    }
    if not moved:
        return Counted(requests=REQUESTS, series="", exposed=0.0, in_prometheus=None)
    name = min(moved, key=lambda name: (moved[name], "_total" not in name, name))
    reached = waiting.first(
        lambda: _in_prometheus(stack, name),
        lambda value: value is not None and value >= after[name],
        within=SERIES_SECONDS,
        every=0.5,
    ).value
    return Counted(
        requests=REQUESTS,
        series=name,
        exposed=moved[name],
        in_prometheus=None if reached is None else reached - before.get(name, 0.0),
    )


def _targets(stack: Stack) -> list[Json]:
    """What Prometheus says of each target on the service's address."""
    networks = (stack.container(stack.roles[Role.API]).network_settings.networks or {}).values()
    known = {name for network in networks for name in (*(network.aliases or ()), network.ip_address)}
    active = _ask(stack, "/api/v1/targets", state="active")["activeTargets"]
    return [one for one in active if one["discoveredLabels"]["__address__"].rpartition(":")[0] in known]


def _in_prometheus(stack: Stack, series: str) -> float | None:
    result = _ask(stack, "/api/v1/query", query=series)["result"]
    return float(result[0]["value"][1]) if len(result) == 1 else None


def _ask(stack: Stack, path: str, **parameters: str) -> Json:
    service = stack.roles[Role.PROMETHEUS]
    port = next(published(stack.config["services"][service]), 9090)
    answer = requests.get(f"http://{stack.address(service, port)}{path}", params=parameters, timeout=ANSWER_SECONDS)
    answer.raise_for_status()
    return answer.json()["data"]


def _exposed(items: Items) -> dict[str, float]:
    """{series as PromQL: value} of every counter that the service exposes."""
    answer = requests.get(items.url(items.stack.subject.routes.metrics), timeout=ANSWER_SECONDS)
    answer.raise_for_status()
    families = text_string_to_metric_families(answer.text)
    samples = [sample for family in families for sample in family.samples]
    counters = [sample for sample in samples if sample.name.endswith(("_total", "_count"))]
    return {f"{one.name}{{{_selector(one.labels)}}}": one.value for one in counters}


def _selector(labels: Mapping[str, str]) -> str:
    return ",".join(f"{name}={_quoted(value)}" for name, value in sorted(labels.items()))


def _quoted(value: str) -> str:
    escaped = value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'


@pytest.mark.requirement("R6")
def test_the_target_is_up(stack: Stack, evidence: Evidence) -> None:
    assert target_violations(evidence.saw(look_at_targets(stack))) == []


@pytest.mark.requirement("R6")
def test_the_request_counter_rises_by_exactly_as_many_requests(stack: Stack, evidence: Evidence) -> None:
    assert counted_violations(evidence.saw(count_requests(stack))) == []
