"""The clients count what they see: they are as good as their counting."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from checks.campaigns.cluster.agents import load
from checks.campaigns.cluster.agents.load import Tally


class Api(BaseHTTPRequestHandler):
    """As the api answers, but for what a test has it do."""

    status = 201
    items: dict[str, bytes]

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self._answer(self.status, body)

    def do_GET(self) -> None:
        key = self.path.rpartition("/")[2]
        known = self.items.get(key)
        self._answer(200 if known else 404, known or b"{}")

    def _answer(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - as the library has it
        del format, args


@contextmanager
def serving(**told: object) -> Iterator[tuple[str, int]]:
    handler = type("Told", (Api,), {"items": {}, **told})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield "127.0.0.1", server.server_port
        finally:
            server.shutdown()
            thread.join()


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(load, "PAUSE", 0.0)
    monkeypatch.setattr(load, "READ_SECONDS", 0.05)


def test_an_answer_as_it_is_to_be_is_a_success_at_its_task() -> None:
    tally = Tally()
    with serving() as where:
        assert load.tried(tally, where, 201, "POST", "/set", "{}") == b"{}"
    assert (tally.requests, tally.failed, tally.tasks) == (1, 0, {"127.0.0.1": 1})


def test_another_status_is_a_failure_and_says_which() -> None:
    tally = Tally()
    with serving(status=503) as where:
        assert load.tried(tally, where, 201, "POST", "/set", "{}") == b""
    assert (tally.requests, tally.failed, tally.reasons) == (1, 1, {"503": 1})


def test_nobody_who_answers_is_a_failure() -> None:
    tally = Tally()
    with serving() as where:
        pass
    load.tried(tally, where, 201, "POST", "/set", "{}")
    assert (tally.failed, tally.reasons) == (1, {"ConnectionRefusedError": 1})


def test_only_what_was_acknowledged_is_to_be_there() -> None:
    tally = Tally()
    with serving(status=503) as where:
        load.client(tally, where, 1, time.monotonic() + 0.05)
    assert tally.acknowledged == []
    assert tally.failed > 0


def test_what_is_not_there_or_another_is_lost() -> None:
    items = {"kept": b'{"kept": "kept"}', "changed": b'{"changed": "other"}'}
    with serving(items=items) as where:
        assert load.lost_of(where, ["kept"]) == 0
        assert load.lost_of(where, ["kept", "changed", "gone"]) == 2


def test_what_cannot_be_read_is_lost() -> None:
    with serving() as where:
        pass
    assert load.lost_of(where, ["any"]) == 1
