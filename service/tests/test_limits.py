"""What is refused before Redis is asked."""

from collections.abc import Iterator

import pytest
import requests

from service.settings import Limits
from service.tests.conftest import free_port, get, put, running, settings


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with running(settings(free_port())) as address:
        yield address


@pytest.mark.parametrize("item_id", ["", "x" * (Limits.id_characters + 1)])
def test_id_of_no_sensible_length_is_refused(address: str, item_id: str) -> None:
    assert put(address, item_id, "one").status_code == 422


def test_too_long_id_is_refused_in_a_path_too(address: str) -> None:
    assert get(address, "/get/" + "x" * (Limits.id_characters + 1)).status_code == 422


def test_too_large_body_is_refused(address: str) -> None:
    assert put(address, "one", "x" * Limits.body_bytes).status_code == 413


def test_too_large_body_of_unknown_length_is_refused(address: str) -> None:
    pieces = (b"x" * 65536 for _ in range(Limits.body_bytes // 65536 + 1))
    # It need not read to the end, so a client that still sends may find the connection closed.
    try:
        assert requests.post(f"{address}/set", data=pieces, timeout=3).status_code == 413
    except requests.ConnectionError:
        assert put(address, "", "alive").status_code == 422


@pytest.mark.parametrize("body", [b"", b"[1", b"[1]", b'{"id":"one"}', b'{"id":"one","data":1}'])
def test_body_that_is_no_item_is_refused(address: str, body: bytes) -> None:
    json = {"Content-Type": "application/json"}
    assert requests.post(f"{address}/set", data=body, headers=json, timeout=3).status_code == 422


@pytest.mark.parametrize("field", ["id", "data"])
def test_what_is_no_text_is_refused(address: str, field: str) -> None:
    item = {"id": "one", "data": "one"} | {field: "\ud800"}
    assert requests.post(f"{address}/set", json=item, timeout=3).status_code == 422


def test_refusal_does_not_send_the_body_back(address: str) -> None:
    answer = requests.post(f"{address}/set", json={"id": 1, "data": "told-in-confidence"}, timeout=3)
    assert "told-in-confidence" not in answer.text
