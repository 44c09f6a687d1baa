"""What Prometheus says over its HTTP API: targets, samples, rules and what is firing."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import requests

from checks.roles.prometheus.promql import TELLING, Records, selects
from checks.subject.role_tables import product
from checks.subject.roles import Role
from checks.subject.stack import Stack
from stack.driver import wait
from stack.driver.errors import OutOfTimeError

ANSWER_SECONDS = 5.0
READY_SECONDS = 30.0  # to replay its log after a start
DURATION = re.compile(r"(\d+)(ms|[smhdwy])")
SECONDS = {"ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800, "y": 31536000}
DEFAULT_INTERVAL, DEFAULT_TIMEOUT = "1m", "10s"  # of Prometheus' own configuration

Json = Any


@dataclass(frozen=True, kw_only=True)
class ScrapeTarget:
    """An active target, with the settings it is scraped with."""

    address: str
    labels: Mapping[str, str]
    url: str
    health: str
    error: str
    last_scrape: str
    interval: float
    timeout: float

    @property
    def job(self) -> str:
        return self.labels.get("job", "")

    @property
    def series(self) -> str:
        """The series that each of its scrapes adds a sample to, whatever came of it."""
        return f"up{{{selector(self.labels)}}}"


@dataclass(frozen=True, kw_only=True)
class Alert:
    """An alerting rule that is pending or firing, with what it declares; seconds."""

    name: str
    firing: bool
    evaluated_every: float
    waits: float
    keeps_firing: float


@dataclass(frozen=True)
class Prometheus:
    """The HTTP API at an address such as `127.0.0.1:9090`, which a restart of the service may change."""

    address: str

    @classmethod
    def of(cls, stack: Stack) -> "Prometheus":
        """The one of a stack, as soon as it is ready to answer."""
        service = stack.roles[Role.PROMETHEUS]
        port = next(iter((*stack.http_ports(service), *product(Role.PROMETHEUS).ports)))
        found = cls(stack.runner.address(service, port))
        if not wait.until(found.ready, bool, within=READY_SECONDS).reached:
            raise OutOfTimeError(f"`{service}` was not ready within {READY_SECONDS:.0f} s")
        return found

    def ready(self) -> bool:
        try:
            return requests.get(f"http://{self.address}/-/ready", timeout=ANSWER_SECONDS).ok
        except requests.RequestException:
            return False

    def ask(self, path: str, **parameters: str) -> Json:
        """The data of an answer; raises requests.HTTPError where there is none."""
        answer = requests.get(f"http://{self.address}/api/v1/{path}", params=parameters, timeout=ANSWER_SECONDS)
        answer.raise_for_status()
        return answer.json()["data"]

    def started_at(self) -> float:
        """When its process started, in seconds of the epoch."""
        return datetime.fromisoformat(self.ask("status/runtimeinfo")["startTime"]).timestamp()

    def targets(self) -> list[ScrapeTarget]:
        return [_target(one) for one in self.ask("targets", state="active")["activeTargets"]]

    def value(self, series: str, *, since: float) -> float | None:
        """What a scrape after a moment (seconds of the epoch) found one series at; None before there was one."""
        result = self.ask("query", query=f"{series} and timestamp({series}) > {since:.3f}")["result"]
        return float(result[0]["value"][1]) if len(result) == 1 else None

    def samples(self, series: str, seconds: float, *, until: float | None = None) -> tuple[float, ...]:
        """When each sample of one series was taken, in the seconds before `until` or now."""
        moment = {} if until is None else {"time": f"{until:.3f}"}
        result = self.ask("query", query=f"{series}[{int(seconds * 1000)}ms]", **moment)["result"]
        return tuple(at for at, _ in result[0]["values"]) if len(result) == 1 else ()

    def alerts(self, target: ScrapeTarget) -> list[Alert]:
        """The alerts about a target that are pending or firing."""
        groups, records = self.ask("rules", type="alert")["groups"], self.records()
        return [
            _alert(alert, rule, group)
            for group in groups
            for rule in group["rules"]
            for alert in rule["alerts"]
            if mentions(alert["labels"], rule["query"], target.labels, records)
        ]

    def records(self) -> dict[str, list[str]]:
        """{name of a recorded series: the expressions that make it}."""
        found: dict[str, list[str]] = {}
        for group in self.ask("rules", type="record")["groups"]:
            for rule in group["rules"]:
                found.setdefault(rule["name"], []).append(rule["query"])
        return found

    def evaluation_interval(self) -> float:
        """The longest after which a group of alerting rules is evaluated again; 0 where there is none."""
        return max((float(group["interval"]) for group in self.ask("rules", type="alert")["groups"]), default=0.0)


def mentions(alert: Mapping[str, str], query: str, target: Mapping[str, str], records: Records | None = None) -> bool:
    """Whether an alert is about a target: by its labels, or where there are none by what its expression selects."""
    if named := {name: alert[name] for name in TELLING if name in alert}:
        return all(target.get(name) == value for name, value in named.items())
    return selects(query, target, records)


def seconds_of(duration: str) -> float:
    """Seconds of a duration as Prometheus writes it: '1m30s'."""
    return float(sum(int(count) * SECONDS[unit] for count, unit in DURATION.findall(duration)))


def selector(labels: Mapping[str, str]) -> str:
    """What stands in braces in PromQL for the series with these labels."""
    return ",".join(f"{name}={_quoted(value)}" for name, value in sorted(labels.items()))


def _quoted(value: str) -> str:
    escaped = value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'


def _target(told: Json) -> ScrapeTarget:
    return ScrapeTarget(
        address=told["discoveredLabels"]["__address__"],
        labels=told["labels"],
        url=told["scrapeUrl"],
        health=told["health"],
        error=told["lastError"],
        last_scrape=told["lastScrape"],
        interval=seconds_of(_setting(told, "interval", DEFAULT_INTERVAL)),
        timeout=seconds_of(_setting(told, "timeout", DEFAULT_TIMEOUT)),
    )


def _setting(told: Json, name: str, otherwise: str) -> str:
    """A setting of a target; before 2.29 the answer may not have it."""
    discovered = told["discoveredLabels"].get(f"__scrape_{name}__", otherwise)
    return str(told.get(f"scrape{name.title()}") or discovered)


def _alert(alert: Json, rule: Json, group: Json) -> Alert:
    return Alert(
        name=rule["name"],
        firing=alert["state"] == "firing",
        evaluated_every=float(group["interval"]),
        waits=float(rule["duration"]),
        keeps_firing=float(rule.get("keepFiringFor", 0)),
    )
