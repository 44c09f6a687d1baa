"""Each request is asked once, on a connection that has not changed hands, and its answer is kept."""

import socket
import threading

import pytest

from checks.requirements.r4_redis_acl.judge.users import Attempt
from checks.requirements.r4_redis_acl.observe.users import _ask
from checks.roles.redis.tests.line_server import serving
from checks.roles.redis.wire import CLOSED, inline


def test_anything_but_an_error_ends_its_connection() -> None:
    with serving({b"a": b"-NOPERM a\r\n", b"b": b"+OK\r\n", b"c": b"-NOPERM c\r\n"}) as (address, seen):
        found = _ask(address, [(name, inline(name)) for name in ("a", "b", "c", "d")])
    assert [attempt.answer for attempt in found] == ["-NOPERM a", "+OK", "-NOPERM c", CLOSED]
    assert seen == [b"(connected)", b"a", b"b", b"(connected)", b"c", b"d"]


def test_each_connection_logs_in_first() -> None:
    with serving({b"auth": b"+OK\r\n", b"a": b"+OK\r\n", b"b": b"+OK\r\n"}) as (address, seen):
        _ask(address, [("a", inline("a")), ("b", inline("b"))], inline("auth"))
    assert seen == [b"(connected)", b"auth", b"a", b"(connected)", b"auth", b"b"]


def test_nothing_is_asked_after_a_login_that_failed() -> None:
    with serving({b"auth": b"-WRONGPASS\r\n"}) as (address, seen):
        found = _ask(address, [("a", inline("a"))], inline("auth"))
    assert found == (Attempt(request="AUTH", answer="-WRONGPASS"),)
    assert seen == [b"(connected)", b"auth"]


def test_a_server_that_was_ended_answers_nothing_more() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = f"127.0.0.1:{server.getsockname()[1]}"
        threading.Thread(target=_answer_once_and_end, args=(server,), daemon=True).start()
        found = _ask(address, [(name, inline(name)) for name in ("shutdown", "ping")])
    assert [attempt.answer for attempt in found] == [CLOSED, CLOSED]


def test_a_server_that_never_answered_is_no_refusal() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = f"127.0.0.1:{server.getsockname()[1]}"
    with pytest.raises(OSError, match="refused"):
        _ask(address, [("ping", inline("ping"))])


def _answer_once_and_end(server: socket.socket) -> None:
    connection, _ = server.accept()
    server.close()
    connection.close()
