"""Which requests are counted, and under which labels."""

from collections.abc import Iterator

import pytest

from service.metrics import Metrics
from service.tests.conftest import free_port, get, running, settings


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with running(settings(free_port())) as address:
        yield address


class Route:
    path_format = "/get/{id}"


def test_request_is_counted_under_the_template_of_its_route(address: str) -> None:
    get(address, "/get/one")
    get(address, "/get/two")
    seen = get(address, "/prom-metrics").text
    assert 'http_requests_total{method="GET",route="/get/{id}",status="503"} 2.0' in seen
    assert 'http_request_duration_seconds_count{method="GET",route="/get/{id}"} 2.0' in seen


def test_paths_that_nobody_serves_share_one_label(address: str) -> None:
    get(address, "/admin")
    get(address, "/login")
    seen = get(address, "/prom-metrics").text
    assert 'http_requests_total{method="GET",route="unmatched",status="404"} 2.0' in seen


def test_monitoring_is_not_counted(address: str) -> None:
    get(address, "/healthcheck")
    get(address, "/prom-metrics")
    seen = get(address, "/prom-metrics").text
    assert 'route="/healthcheck"' not in seen
    assert 'route="/prom-metrics"' not in seen


def test_made_up_methods_share_one_label() -> None:
    metrics = Metrics()
    for method in ("BREW", "PROPFIND"):
        metrics.request_answered({"method": method, "route": Route()}, 405, 0.01)
    counted = b'http_requests_total{method="other",route="/get/{id}",status="405"} 2.0'
    assert counted in metrics.exposition()


def test_apps_do_not_share_their_series() -> None:
    Metrics().request_answered({"method": "GET"}, 200, 0.01)
    assert b"http_requests_total{" not in Metrics().exposition()
