"""The fast path says what FastAPI says, byte for byte, whatever is asked."""

import asyncio
import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import example, given
from hypothesis import settings as effort
from hypothesis import strategies as st
from starlette.types import Scope

from service.app import create_api
from service.fast_path import FastPath
from service.metrics import Metrics
from service.settings import Limits
from service.tests.conftest import free_port, settings
from service.tests.in_process import Memory, Seen, scope_of, seen_of

LOOP = asyncio.new_event_loop()  # one for thousands of requests
STORE = Memory(settings(free_port()))
API = create_api(settings(free_port()), STORE, Metrics())
FAST = FastPath(API, STORE, get_route=None, set_route=None)

ids = st.text(max_size=12) | st.text("a/%.\x00é☃ ", max_size=300)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)
items = st.fixed_dictionaries({"id": ids, "data": st.text(max_size=200)})
near_items = st.dictionaries(st.sampled_from(["id", "data", "more"]), json_values | ids, max_size=3)
dumped = st.builds(
    lambda value, ascii_, indent: json.dumps(value, ensure_ascii=ascii_, indent=indent).encode(
        "utf-8", "surrogatepass"
    ),
    items | items | near_items | json_values,
    st.booleans(),
    st.sampled_from([None, 1]),
)
encoded = st.builds(lambda body, code: body.decode().encode(code), dumped, st.sampled_from(["utf-16", "utf-8-sig"]))
bodies = dumped | dumped | st.binary(max_size=60) | encoded
content_types = st.sampled_from(
    [None, b"application/json", b"application/json", b"", b"text/plain", b"application/json; charset=latin-1", b"\xff"]
)
known = st.dictionaries(ids, st.text(max_size=50), max_size=3)


def answers(scope: Scope, kept: dict[str, str], pieces: list[bytes], *, fails: bool = False) -> Seen:
    """The one answer of both, and what both left in the store."""
    seen, left = [], []
    for app in (API, FAST):
        STORE.kept, STORE.fails = dict(kept), fails
        seen.append(LOOP.run_until_complete(seen_of(app, dict(scope), pieces)))
        left.append(STORE.kept)
    assert seen[0] == seen[1]
    assert left[0] == left[1]
    return seen[0]


@pytest.fixture(scope="module", autouse=True)
def _one_loop() -> Iterator[None]:
    yield
    LOOP.close()


@effort(derandomize=True, max_examples=1000, deadline=None)
@given(ids, known, st.booleans(), st.sampled_from(["/", ""]))
@example("a\n", {}, False, "")
@example("a\nb\r\n", {}, False, "")
def test_get_is_the_same(item_id: str, kept: dict[str, str], fails: bool, safe: str) -> None:
    kept |= {item_id: "text"} if len(item_id) % 2 else {}
    answers(scope_of("GET", "/get/" + quote(item_id, safe=safe)), kept, [b""], fails=fails)


@effort(derandomize=True, max_examples=2000, deadline=None)
@given(bodies, content_types, known, st.booleans(), st.integers(0, 9))
@example(b'{"id":"a","data":"b","data":"c"}', None, {}, False, 0)
@example(b'{"id":"a","data":' + b"[" * 10_000 + b"]" * 10_000 + b"}", None, {}, False, 0)
@example(b'{"id":"a","data":"b","more":' + b"1" * 5000 + b"}", b"application/json", {}, False, 0)
@example(b'{"id":"a","data":"\\ud800"}', b"application/json", {}, False, 0)
@example(b'{"id":"a","data":"b","more":NaN}', b"application/json", {"a": "x"}, True, 0)
@example(b'{"id":"' + b"x" * 256 + b'","data":""}', b"application/json", {}, False, 3)
@example(b'{"id":"' + b"x" * 257 + b'","data":""}', b"application/json", {}, False, 0)
@example(b'{"id":"a/..","data":""}', b"application/json", {}, False, 0)
def test_set_is_the_same(body: bytes, kind: bytes | None, kept: dict[str, str], fails: bool, cut: int) -> None:
    headers = [] if kind is None else [(b"content-type", kind)]
    pieces = [body] if not cut else [body[:cut], body[cut:]]
    answers(scope_of("POST", "/set", headers), kept, pieces, fails=fails)


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [("GET", "/get/one", b"", 200), ("GET", "/get/two", b"", 404), ("POST", "/set", b'{"id":"a","data":"b"}', 201)],
)
def test_the_plain_case_is_not_left_to_fastapi(method: str, path: str, body: bytes, status: int) -> None:
    """Else the two would be the same for that reason."""

    async def nothing(*_: Any) -> None:  # noqa: ANN401
        raise AssertionError("left to FastAPI")

    STORE.kept, STORE.fails = {"one": "one"}, False
    fast = FastPath(nothing, STORE, get_route=None, set_route=None)
    assert LOOP.run_until_complete(seen_of(fast, scope_of(method, path), [body]))[0] == status


@pytest.mark.parametrize(
    "item_id", ["a/b", "/", "//", "a/", "...", "..a/.b", "\x00", "☃", "%2F", "a\n", "x" * Limits.id_characters]
)
def test_what_is_kept_is_found_under_its_id(item_id: str) -> None:
    """One rule for both: the id is all that follows `/get/`, percent-decoded once."""
    body = json.dumps({"id": item_id, "data": "here"}).encode()
    STORE.kept, STORE.fails = {}, False
    assert LOOP.run_until_complete(seen_of(FAST, scope_of("POST", "/set"), [body]))[0] == 201
    for safe in ("", "/"):
        status, _, got = LOOP.run_until_complete(
            seen_of(FAST, scope_of("GET", "/get/" + quote(item_id, safe=safe)), [b""])
        )
        assert (status, json.loads(got)) == (200, {item_id: "here"})
