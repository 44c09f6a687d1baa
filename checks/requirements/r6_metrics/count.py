"""Send requests of each kind, and follow the counters that moved from the service into Prometheus."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import requests

from checks.requirements.r6_metrics.judge import REQUESTS, Counted
from checks.roles.api.client import ANSWER_SECONDS, Door, Items
from checks.roles.prometheus.client import Prometheus
from checks.roles.prometheus.configuration import metrics_route
from checks.roles.prometheus.exposition import counters
from checks.subject.stack import Stack
from stack.driver import wait

SERIES_SECONDS = 30.0  # for a value that the service exposes to be seen in Prometheus
ITEM, ABSENT = "counted", "counted-and-never-stored"
Values = Mapping[str, float]
"""{series as PromQL: value}."""

KINDS: Mapping[str, Callable[[Door, requests.Session], object]] = {
    "reads": lambda door, session: door.read(session, ITEM, timeout=ANSWER_SECONDS),
    "writes": lambda door, session: door.store(session, ITEM, "1", timeout=ANSWER_SECONDS),
    "reads of what is not there": lambda door, session: door.read(session, ABSENT, timeout=ANSWER_SECONDS),
}


@dataclass(frozen=True, kw_only=True)
class Sent:
    """What the service exposed before and after N requests of a kind."""

    kind: str
    before: Values
    after: Values

    @property
    def moved(self) -> dict[str, float]:
        """The series that rose by N at least, and by how much."""
        rises = {name: value - self.before.get(name, 0.0) for name, value in self.after.items()}
        return {name: rise for name, rise in rises.items() if rise >= REQUESTS}


def count_requests(stack: Stack, *, and_unannounced: int = 0) -> list[Counted]:
    """Send N requests of each kind, and give Prometheus the time to see them all."""
    items = Items(stack)
    with requests.Session() as session:
        sent = list(_sent(items, session, REQUESTS + and_unannounced))
    at, series = time.time(), chosen(sent)
    last, prometheus = sent[-1].after, Prometheus.of(stack)
    reached = wait.until(
        lambda: {name: prometheus.value(name, since=at) for name in series if name},  # one before may be of another run
        lambda values: all(value is not None and value >= last[name] for name, value in values.items()),
        within=SERIES_SECONDS,
        every=0.5,
    ).value
    return [_counted(one, name, last, reached.get(name)) for one, name in zip(sent, series, strict=True)]


def _sent(items: Items, session: requests.Session, number: int) -> Iterator[Sent]:
    door = items.door()
    for ask in (KINDS["writes"], *KINDS.values()):  # a series exists from its first request on, and so does the item
        ask(door, session)
    after = _exposed(items)
    for kind, ask in KINDS.items():
        before = after
        for _ in range(number):
            ask(door, session)
        after = _exposed(items)
        yield Sent(kind=kind, before=before, after=after)


def chosen(sent: list[Sent]) -> list[str]:
    """The series that counts each kind, '' where none does.

    It is of the family that counted the first kind, or of one that moved for no kind before: whatever counts something
    else (commands to Redis) moves for several of them.
    """
    found, own, known = list[str](), set[str](), set[str]()
    for one in sent:
        moved = {name: rise for name, rise in one.moved.items() if family(name) in own or family(name) not in known}
        name = min(moved, key=lambda name: (moved[name], "_total" not in name, name), default="")
        own |= {family(name)} if name else set()
        known |= {family(name) for name in one.moved}
        found.append(name)
    return found


def family(series: str) -> str:
    """`http_requests_total` of `http_requests_total{method="GET"}`."""
    return series.partition("{")[0]


def _counted(sent: Sent, series: str, last: Values, reached: float | None) -> Counted:
    """What Prometheus has of it, without what later kinds added."""
    if not series:
        return Counted(requests=REQUESTS, kind=sent.kind, series="", exposed=0.0, in_prometheus=None)
    later = last[series] - sent.after[series]
    return Counted(
        requests=REQUESTS,
        kind=sent.kind,
        series=series,
        exposed=sent.moved[series],
        in_prometheus=None if reached is None else reached - later - sent.before.get(series, 0.0),
    )


def _exposed(items: Items) -> dict[str, float]:
    """Every counter that the service exposes."""
    answer = requests.get(items.url(metrics_route(items.stack)), timeout=ANSWER_SECONDS)
    answer.raise_for_status()
    return counters(answer.text, answer.headers.get("Content-Type", ""))
