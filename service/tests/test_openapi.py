"""What the service says of itself is what it does: each answer is held against its own OpenAPI."""

from typing import Any

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck
from hypothesis import settings as effort

from service.app import create_api
from service.metrics import Metrics
from service.store import Store
from service.tests.conftest import free_port, get, running, settings

STATUSES = {
    ("post", "/set"): {"200", "201", "400", "408", "413", "422", "429", "431", "503"},
    ("get", "/get/{id}"): {"200", "400", "404", "408", "422", "429", "431", "503"},
    ("get", "/healthcheck"): {"200", "400", "408", "429", "431", "503"},
    ("get", "/prom-metrics"): {"200", "400", "408", "429", "431"},
}


API = create_api(settings(free_port()), Store(settings(free_port())), Metrics())
schema = schemathesis.openapi.from_dict(API.openapi())


@schema.parametrize()
@effort(derandomize=True, max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
def test_answers_are_as_described(case: schemathesis.Case[Any], service: str) -> None:
    """Over a socket, with a real Redis, for what is right and for what is wrong."""
    case.call_and_validate(base_url=service)


@pytest.fixture(scope="module")
def told() -> dict[str, Any]:
    with running(settings(free_port())) as address:
        return dict(get(address, "/openapi.json").json())


@pytest.mark.parametrize(("method", "path"), STATUSES)
def test_every_status_is_described(told: dict[str, Any], method: str, path: str) -> None:
    responses = told["paths"][path][method]["responses"]
    assert set(responses) == STATUSES[method, path]
    assert all(one["description"] for one in responses.values())


def test_every_route_is_described(told: dict[str, Any]) -> None:
    assert {(method, path) for path, methods in told["paths"].items() for method in methods} == set(STATUSES)


def test_what_to_send_has_examples(told: dict[str, Any]) -> None:
    assert told["components"]["schemas"]["Item"]["examples"] == [{"id": "one", "data": "one"}]
    (parameter,) = told["paths"]["/get/{id}"]["get"]["parameters"]
    assert "one" in (parameter.get("example"), *parameter["schema"].get("examples", ()))


def test_503_says_that_a_write_may_be_repeated(told: dict[str, Any]) -> None:
    words = told["paths"]["/set"]["post"]["responses"]["503"]["description"]
    assert "not known" in words
    assert "safe to repeat" in words


@pytest.mark.parametrize("path", ["/docs", "/redoc"])
def test_no_page_asks_for_scripts_from_elsewhere(path: str) -> None:
    with running(settings(free_port())) as address:
        assert requests.get(address + path, timeout=3).status_code == 404
