"""Being scraped costs the same whatever the service has done, and whatever it is doing."""

import asyncio
import time

import pytest

from service.app import METRICS_PATH, create_api
from service.metrics import Metrics
from service.observed import Observed
from service.tests.conftest import free_port, settings
from service.tests.in_process import Memory, scope_of, seen_of

CLIENTS = 32
STATUSES = (200, 404, 503)


class Route:
    path_format = "/get/{id}"


def counted(times: int) -> Metrics:
    """After so many requests, of every status and every duration."""
    metrics = Metrics()
    for number in range(times):
        metrics.request_answered({"method": "GET", "route": Route()}, STATUSES[number % 3], (number % 1300) / 1000)
        metrics.redis_answered((number % 1300) / 1000)
    return metrics


def costs(*several: Metrics) -> list[float]:
    """CPU time of the cheapest scrape of each, all in turn: a core that is slow for a while is so for every one."""
    seen: list[list[float]] = [[] for _ in several]
    for _ in range(100):
        for taken, metrics in zip(seen, several, strict=True):
            begun = time.process_time()
            metrics.exposition()
            taken.append(time.process_time() - begun)
    return [min(taken) for taken in seen]


def test_a_scrape_after_much_costs_what_the_first_did() -> None:
    after_much, first = costs(counted(200_000), counted(3))
    assert after_much < 1.5 * first


@pytest.mark.parametrize("clients", [1, CLIENTS])
def test_a_scrape_waits_for_nobody_twice(clients: int) -> None:
    """While clients ask without a pause, no more of them are answered during a scrape than there are, and one turn."""
    metrics = Metrics()
    app = Observed(
        create_api(settings(free_port()), Memory(settings(free_port())), metrics),
        metrics=metrics,
        uncounted=frozenset(),
    )
    answered = 0

    async def client() -> None:
        nonlocal answered
        while True:
            await seen_of(app, scope_of("GET", "/get/one"), [b""])
            await asyncio.sleep(0)
            answered += 1

    async def overtaken() -> int:
        asking = [asyncio.create_task(client()) for _ in range(clients)]
        for _ in range(10):
            await asyncio.sleep(0)
        before = answered
        status, _, body = await seen_of(app, scope_of("GET", METRICS_PATH), [b""])
        for one in asking:
            one.cancel()
        assert (status, b"redis_up 1.0" in body) == (200, True)
        return answered - before

    assert asyncio.run(overtaken()) <= 2 * clients
