"""What is asked of the metrics and of who scrapes them."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import pairwise
from urllib.parse import unquote, urlsplit

from checks.core.place import Place
from checks.core.registry import judges
from checks.core.verdict import Violation

REQUESTS = 23  # a number that no other traffic is likely to add up to
SCRAPES = 4
OFF_BEAT = 0.5  # of the interval: what a scrape may come early or late
LATE_SECONDS = 5.0  # what Prometheus may be late by on a machine that is busy
IN_ORDER = ("Checking", "SUCCESS")  # what promtool says anyway, with names of files in it
COMPLAINT = re.compile(r"warn|fail|error|duplicate", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True)
class Target:
    """A scrape target of Prometheus that leads to the service."""

    job: str
    url: str
    health: str
    error: str


@dataclass(frozen=True, kw_only=True)
class Targets:
    """Every target on the service's address, and the path under which the service says its metrics are."""

    route: str
    targets: tuple[Target, ...]


@judges(Targets)
def target_violations(seen: Targets) -> list[Violation]:
    up = [target for target in seen.targets if target.health == "up"]
    if not up or any(target.health == "down" for target in seen.targets):  # one that is new is `unknown` at first
        told = [f"{one.url} (job {one.job}): {one.health} {one.error}".strip() for one in seen.targets]
        return [Violation("target-up", seen=told or "no target leads to the service", wanted="up")]
    beside = [target.url for target in up if unquote(urlsplit(target.url).path) != unquote(seen.route)]
    return _astray(beside, {target.job for target in seen.targets}, seen.route)


def _astray(beside: list[str], jobs: set[str], route: str) -> list[Violation]:
    """What leads beside the service's metrics route, and jobs that are not one."""
    found = []
    if beside:
        found.append(Violation("scrapes-the-metrics-route", seen=beside, wanted=route))
    if len(jobs) != 1:
        found.append(Violation("scraped-by-one-job", seen=sorted(jobs), wanted="one job"))
    return found


@dataclass(frozen=True, kw_only=True)
class ScrapeJob:
    """A job of Prometheus' configuration with a target that leads to the service."""

    job: str
    target: str
    path: str


@dataclass(frozen=True, kw_only=True)
class Scraping:
    """The jobs of Prometheus' configuration that lead to the service, and the path under which its metrics are."""

    prometheus: str
    api: str
    route: str
    leading: tuple[ScrapeJob, ...]
    place: Place | None = None


@judges(Scraping)
def scraping_violations(seen: Scraping) -> list[Violation]:
    beside = [f"{one.target}{one.path} (job {one.job})" for one in seen.leading if one.path != seen.route]
    return [replace(one, place=seen.place) for one in _astray(beside, {one.job for one in seen.leading}, seen.route)]


@dataclass(frozen=True, kw_only=True)
class Aimed:
    """How many of the jobs of Prometheus' configuration lead to the service; '' where nobody is Prometheus."""

    prometheus: str
    api: str
    jobs: int
    leading: int
    place: Place | None = None


@judges(Aimed)
def aim_violations(seen: Aimed) -> list[Violation]:
    if seen.leading:
        return []
    told = f"none of {seen.jobs} jobs of `{seen.prometheus}` leads to `{seen.api}`"
    nobody = f"nothing scrapes `{seen.api or 'the app'}`: no service is a Prometheus"
    told = told if seen.prometheus else nobody
    return [Violation("target-up", seen=told, wanted="a job that scrapes it", place=seen.place)]


@dataclass(frozen=True, kw_only=True)
class Counted:
    """How far the service's request counters moved while N requests were sent; None where Prometheus has no value.

    `exposed` is what the service itself said, `in_prometheus` what Prometheus said of the same series afterwards,
    both as the rise over what the service said before. `kind` says what was asked for.
    """

    requests: int
    series: str
    exposed: float
    in_prometheus: float | None
    kind: str = "reads"


@judges(Counted)
def counted_violations(seen: Counted) -> list[Violation]:
    if seen.series and seen.requests > 0 and seen.exposed == seen.in_prometheus == seen.requests:
        return []
    told = f"{seen.kind}: {seen.series or 'no counter'} rose by {seen.in_prometheus} (by {seen.exposed} in the service)"
    late = seen.in_prometheus is None or seen.in_prometheus < seen.exposed == seen.requests  # not scraped yet
    return [Violation("counter-moves-exactly", seen=told, wanted=seen.requests, late=late)]


@dataclass(frozen=True, kw_only=True)
class Promtool:
    """What promtool, in the container, says of a file."""

    file: str
    exit_code: int
    said: tuple[str, ...]

    @property
    def content(self) -> bool:
        return self.exit_code == 0 and any("SUCCESS" in line for line in self.said)


@dataclass(frozen=True, kw_only=True)
class ConfigurationCheck:
    """The configuration that Prometheus runs with and its rules, checked, and the files of tests for those rules, run.

    There need not be such tests: `promtool test rules` knows them by `rule_files` and `tests`.
    """

    checked: Promtool
    tested: tuple[Promtool, ...]


@judges(ConfigurationCheck)
def configuration_violations(seen: ConfigurationCheck) -> list[Violation]:
    return [*_complaints(seen.checked), *(failed for one in seen.tested for failed in _failed(one))]


def _complaints(seen: Promtool) -> Iterator[Violation]:
    complaints = [line for line in seen.said if COMPLAINT.search(line) and not line.startswith(IN_ORDER)]
    if complaints or not seen.content:
        told = f"exit code {seen.exit_code}: {'; '.join(complaints or seen.said) or 'nothing said'}"
        yield Violation("configuration-clean", seen=told, wanted=f"exit code 0 and no warning for {seen.file}")


def _failed(seen: Promtool) -> Iterator[Violation]:
    if not seen.content:
        told = f"exit code {seen.exit_code}: {'; '.join(seen.said) or 'nothing said'}"
        yield Violation("rule-tests-pass", seen=told, wanted=f"every test in {seen.file} passes")


@dataclass(frozen=True, kw_only=True)
class Rhythm:
    """When Prometheus last scraped the service, in seconds of the epoch, and how often it says that it does."""

    series: str
    interval_s: float
    scrapes: tuple[float, ...]


@judges(Rhythm)
def rhythm_violations(seen: Rhythm) -> list[Violation]:
    distances = [round(later - earlier, 3) for earlier, later in pairwise(seen.scrapes)]
    kept = all(abs(distance - seen.interval_s) <= seen.interval_s * OFF_BEAT for distance in distances)
    if kept and len(seen.scrapes) >= SCRAPES:
        return []
    return [Violation("interval-honoured", seen=distances, wanted=f"every {seen.interval_s:g} s")]


@dataclass(frozen=True, kw_only=True)
class Alarm:
    """Alerts that name the service, while it was stopped and once it was back.

    `phases` are seconds: `fire` from the stop to the first of them firing, `resolve` from when it was healthy again to
    their end; one that was not reached is missing. The bounds are what scrape, evaluation and the rule's own `for`
    declare. What was pending or firing before the stop does not count.
    """

    service: str
    active_before: tuple[str, ...]
    fired: tuple[str, ...]
    phases: Mapping[str, float]
    bound_s: float
    resolve_bound_s: float


@judges(Alarm)
def alarm_violations(seen: Alarm) -> list[Violation]:
    if not seen.fired:
        beside = f" beside {', '.join(seen.active_before)}, which was there before" if seen.active_before else ""
        told = f"no alert that names `{seen.service}` fires when it is stopped{beside}"
        return [Violation("alert-fires", seen=told, wanted="an alert")]
    bounds = {"fire": ("alert-fires", seen.bound_s), "resolve": ("alert-resolves", seen.resolve_bound_s)}
    return [
        Violation(
            rule, seen=f"{', '.join(seen.fired)}: {seen.phases.get(phase, 'never')}", wanted=f"within {bound:g} s"
        )
        for phase, (rule, bound) in bounds.items()
        if seen.phases.get(phase, float("inf")) > bound + LATE_SECONDS
    ]


@dataclass(frozen=True, kw_only=True)
class SamplesKept:
    """What became of samples that Prometheus had before it was restarted."""

    series: str
    came_back_anew: bool
    samples: int
    lost: int


@judges(SamplesKept)
def samples_violations(seen: SamplesKept) -> list[Violation]:
    rule = "samples-survive-restart"
    if not seen.came_back_anew:  # nothing was tried, so nothing was proven
        return [Violation(rule, seen="Prometheus did not come back anew", wanted="a new start", late=True)]
    if seen.lost or seen.samples == 0:
        return [Violation(rule, seen=f"{seen.lost} of {seen.samples} lost", wanted="none lost")]
    return []
