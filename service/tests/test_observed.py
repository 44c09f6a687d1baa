"""What is seen of requests: their names, and that no client can make up a series."""

import asyncio
import json
import logging
import random
from collections.abc import Iterator

import pytest
import requests

from service.app import create_api
from service.fast_path import FastPath
from service.logs import JsonFormatter
from service.metrics import Metrics
from service.observed import Observed
from service.tests.conftest import free_port, get, running, settings
from service.tests.in_process import Memory, scope_of, seen_of

SERVED, UNSERVED = 90_000, 10_000
METHODS = ("GET", "HEAD", "POST", "PUT", "BREW", "OPTIONS")


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with running(settings(free_port())) as address:
        yield address


def test_every_answer_carries_a_request_id_of_its_own(address: str) -> None:
    paths = ("/get/one", "/healthcheck", "/nowhere", "/get/" + "x" * 300)
    seen = [get(address, path).headers["X-Request-ID"] for path in paths]
    assert len({*seen, ""}) == len(paths) + 1


def test_the_id_of_the_client_is_taken(address: str) -> None:
    answer = requests.get(f"{address}/get/one", headers={"X-Request-ID": "trace/7=a"}, timeout=3)
    assert answer.headers["X-Request-ID"] == "trace/7=a"


@pytest.mark.parametrize("unusable", ["", "two words", "x" * 129, '"quoted"'])
def test_an_id_that_would_spoil_the_log_is_replaced(address: str, unusable: str) -> None:
    answer = requests.get(f"{address}/get/one", headers={"X-Request-ID": unusable}, timeout=3)
    assert answer.headers["X-Request-ID"] not in {unusable, ""}


def test_a_line_of_the_log_names_its_request(caplog: pytest.LogCaptureFixture) -> None:
    formatter, lines = JsonFormatter(), []
    caplog.handler.emit = lambda record: lines.append(formatter.format(record))  # type: ignore[method-assign]
    with caplog.at_level(logging.ERROR), running(settings(free_port())) as address:
        requests.get(f"{address}/get/one", headers={"X-Request-ID": "named"}, timeout=3)
    assert [json.loads(line)["request_id"] for line in lines if "no answer from Redis" in line] == ["named"]


def odd_paths(drawn: random.Random) -> Iterator[str]:
    for number in range(SERVED + UNSERVED):
        odd = "".join(drawn.choices("/.%25é☃\x00a", k=drawn.randrange(1, 20)))
        yield ("/get/" if number < SERVED else "/") + f"{number}{odd}".replace("%", "%25")


def test_a_hundred_thousand_odd_paths_make_few_series() -> None:
    metrics = Metrics()
    store = Memory(settings(free_port()))
    api = create_api(settings(free_port()), store, metrics)
    (get_route,) = (route for route in api.routes if getattr(route, "name", "") == "get_item")
    app = Observed(FastPath(api, store, get_route=get_route, set_route=None), metrics=metrics, uncounted=frozenset())
    drawn = random.Random(4)  # noqa: S311 - the same each time

    async def ask() -> None:
        for number, path in enumerate(odd_paths(drawn)):
            method = drawn.choice(METHODS) if number % 10 == 0 else "GET"
            await seen_of(app, scope_of(method, path), [b""])

    asyncio.run(ask())
    exposed = metrics.exposition().decode()
    counted = [line for line in exposed.splitlines() if line.startswith("http_requests_total{")]
    assert sum(float(line.rpartition(" ")[2]) for line in counted) == SERVED + UNSERVED
    assert len(exposed.splitlines()) < 400
    assert {part for line in counted for part in line.split(",") if part.startswith("route=")} == {
        'route="/get/{id}"',
        'route="unmatched"',
    }
