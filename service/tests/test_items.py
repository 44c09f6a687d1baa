"""The contract with the clients; needs a `redis-server` on the PATH."""

import pytest

from service.tests.conftest import get, put


def test_new_item_is_created_and_known_one_replaced(service: str) -> None:
    answers = [put(service, "new", "one"), put(service, "new", "two")]
    assert [(a.status_code, a.content) for a in answers] == [
        (201, b'{"status":"ok"}'),
        (200, b'{"status":"ok"}'),
    ]


def test_item_comes_back_under_its_id(service: str) -> None:
    put(service, "one", "one")
    answer = get(service, "/get/one")
    assert (answer.status_code, answer.content) == (200, b'{"one":"one"}')


def test_unknown_item_is_not_found(service: str) -> None:
    answer = get(service, "/get/nobody")
    assert (answer.status_code, answer.headers["Content-Type"]) == (404, "application/problem+json")
    assert answer.json() == {"type": "about:blank", "title": "Not Found", "status": 404, "detail": "Not Found"}


def test_service_with_redis_is_healthy(service: str) -> None:
    answer = get(service, "/healthcheck")
    assert (answer.status_code, answer.content) == (200, b'{"status":"ok"}')


@pytest.mark.parametrize("text", ["", "ünï ☃", "line\nfeed", "x" * 100_000])
def test_data_comes_back_as_it_was(service: str, text: str) -> None:
    put(service, "ünï ☃", text)
    assert get(service, "/get/ünï ☃").json() == {"ünï ☃": text}
