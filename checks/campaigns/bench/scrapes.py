"""How long the service takes to be scraped: idle, beside clients that leave it no time, and after them."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from http.client import HTTPConnection

from checks.campaigns.bench import half_a_core
from checks.campaigns.bench.half_a_core import Container
from checks.campaigns.bench.http_load import Job, asked
from checks.campaigns.bench.load_generator import ANSWER_SECONDS
from stack.driver.errors import StackError

PATH = "/prom-metrics"
SECONDS = 4.0
EVERY = 0.02
BEGINS = 0.5  # until the clients ask as fast as they can


@dataclass(frozen=True, kw_only=True)
class Times:
    """Of so many scrapes, in milliseconds."""

    scrapes: int
    p50_ms: float
    p99_ms: float


@dataclass(frozen=True, kw_only=True)
class Scrapes:
    """Of one service."""

    idle: Times
    loaded: Times
    get_p50_ms: float  # of the clients' requests meanwhile: what anybody waits there
    after: Times

    @property
    def to_a_get(self) -> float:
        """Under load, how many times what a GET takes there: both wait for the same share of a core."""
        return round(self.loaded.p50_ms / self.get_p50_ms, 2)

    def told(self) -> str:
        idle, loaded, after = (
            f"{one.p50_ms:.1f} ms (p99 {one.p99_ms:.1f})" for one in (self.idle, self.loaded, self.after)
        )
        return (
            f"`{PATH}` takes {idle} idle, {after} after all of this, and {loaded} beside clients that use all of its"
            f" share of a core, where a GET takes {self.get_p50_ms:.1f} ms: **{self.to_a_get:.2f}** times as long."
        )


def measured(container: Container, clients: int) -> Scrapes:
    idle = _times(container, SECONDS)
    job = Job(kind="GET", host=container.address, port=half_a_core.PORT, clients=clients, seconds=SECONDS + 2 * BEGINS)
    with ThreadPoolExecutor(1) as beside:
        load = beside.submit(asked, job)
        time.sleep(BEGINS)
        loaded = _times(container, SECONDS)
        get_p50 = load.result().p50
    return Scrapes(idle=idle, loaded=loaded, get_p50_ms=round(get_p50 * 1000, 2), after=_times(container, SECONDS))


def _times(container: Container, seconds: float) -> Times:
    ordered = sorted(_scraped(container.address, seconds))
    at = {share: round(ordered[int(len(ordered) * share)] * 1000, 2) for share in (0.5, 0.99)}
    return Times(scrapes=len(ordered), p50_ms=at[0.5], p99_ms=at[0.99])


def _scraped(address: str, seconds: float) -> Iterator[float]:
    """Seconds that each took, on the one connection that Prometheus keeps."""
    with closing(HTTPConnection(address, half_a_core.PORT, timeout=ANSWER_SECONDS)) as connection:
        end = time.perf_counter() + seconds
        while (begun := time.perf_counter()) < end:
            connection.request("GET", PATH)
            answer = connection.getresponse()
            answer.read()
            yield time.perf_counter() - begun
            if answer.status != 200:
                raise StackError(f"{PATH} answered {answer.status}")
            time.sleep(EVERY)
