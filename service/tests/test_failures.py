"""A Redis that is away, frozen, or refuses: 503 in good time, and never anything else."""

import logging
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import requests

from service.tests.conftest import answers, free_port, get, put, redis, running, settings, wait_until

DEADLINE = 0.2  # seconds
CLIENTS = 40
ROUTES: list[Callable[[str], requests.Response]] = [
    lambda address: put(address, "one", "one"),
    lambda address: get(address, "/get/one"),
    lambda address: get(address, "/healthcheck"),
]


def failures(address: str) -> list[tuple[int, bytes]]:
    return [(answer.status_code, answer.content) for answer in (ask(address) for ask in ROUTES)]


def test_redis_that_is_away_is_a_failure() -> None:
    with running(settings(free_port())) as address:
        assert failures(address) == [(503, b'{"status":"failure"}')] * len(ROUTES)


def test_redis_that_is_frozen_is_a_failure_in_good_time(silent_port: int) -> None:
    with running(settings(silent_port, timeout=DEADLINE)) as address:
        start = time.monotonic()
        assert failures(address) == [(503, b'{"status":"failure"}')] * len(ROUTES)
        assert time.monotonic() - start < 10 * DEADLINE * len(ROUTES)  # a machine may be busy


def test_the_health_tells_a_late_redis_from_one_that_is_away(silent_port: int) -> None:
    with running(settings(silent_port, timeout=0.2)) as address:
        late = get(address, "/healthcheck").headers.get("Proxy-Status")
    with running(settings(free_port())) as address:
        away = get(address, "/healthcheck").headers.get("Proxy-Status")
    assert (late, away) == ("redis; error=connection_read_timeout", None)


def test_waiting_for_a_connection_is_within_the_deadline(silent_port: int) -> None:
    """More requests at once than there are connections to a Redis that answers none."""
    with running(settings(silent_port, timeout=DEADLINE)) as address, ThreadPoolExecutor(CLIENTS) as clients:
        seen = list(clients.map(lambda _: get(address, "/get/one"), range(CLIENTS)))
    assert {answer.status_code for answer in seen} == {503}
    one_after_the_other = DEADLINE * CLIENTS
    assert max(answer.elapsed.total_seconds() for answer in seen) < one_after_the_other / 2


def test_metrics_say_that_redis_is_away() -> None:
    with running(settings(free_port())) as address:
        assert "redis_up 0.0" in get(address, "/prom-metrics").text


def test_refused_credentials_are_a_failure_and_say_so(redis_port: int, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO), running(settings(redis_port, password="wrong")) as address:  # noqa: S106
        assert failures(address) == [(503, b'{"status":"failure"}')] * len(ROUTES)
    told = [record.message for record in caplog.records if record.name == "service.store"]
    assert told == ["Redis refused the credentials of user `app`"]


def test_service_recovers_when_redis_returns(redis_server: str, tmp_path: Path) -> None:
    port = free_port()
    with running(settings(port)) as address:
        with redis(redis_server, port, tmp_path):
            assert put(address, "one", "one").status_code == 201
        wait_until(lambda: not answers(port))
        assert failures(address) == [(503, b'{"status":"failure"}')] * len(ROUTES)
        with redis(redis_server, port, tmp_path):
            assert put(address, "one", "one").status_code == 201


def test_dead_pooled_connections_cost_no_failure(redis_server: str, tmp_path: Path) -> None:
    port = free_port()
    with running(settings(port)) as address, ThreadPoolExecutor(16) as clients:
        for _ in range(2):
            with redis(redis_server, port, tmp_path):
                seen = clients.map(lambda _: get(address, "/healthcheck").status_code, range(64))
                assert set(seen) == {200}
