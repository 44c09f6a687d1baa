"""Bytes of our own to Redis: one request, one line of answer, and each request asked once."""

import socket
import threading
from collections.abc import Callable, Iterator

import pytest

from checks.requirements.r4_redis_acl.judge import Attempt
from checks.requirements.r4_redis_acl.observe import _ask
from checks.roles.redis.client import _filled
from checks.roles.redis.wire import CLOSED, Wire, inline, packed

Serve = Callable[[dict[bytes, bytes]], tuple[str, list[bytes]]]


@pytest.fixture
def serve() -> Iterator[Serve]:
    """A server on loopback: answers each line as told, hangs up on any other, and notes each line and connection."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def start(answers: dict[bytes, bytes]) -> tuple[str, list[bytes]]:
            seen: list[bytes] = []
            threading.Thread(target=_answer, args=(server, answers, seen), daemon=True).start()
            return f"127.0.0.1:{server.getsockname()[1]}", seen

        yield start
        server.shutdown(socket.SHUT_RDWR)


def _answer(server: socket.socket, answers: dict[bytes, bytes], seen: list[bytes]) -> None:
    while True:
        try:
            connection, _ = server.accept()
        except OSError:
            return
        seen.append(b"(connected)")
        with connection, connection.makefile("rb") as lines:
            for line in lines:
                seen.append(line.strip())
                if line.strip() not in answers:
                    break
                connection.sendall(answers[line.strip()])


@pytest.mark.parametrize(
    ("words", "sent"),
    [
        (("PING",), b"*1\r\n$4\r\nPING\r\n"),
        (("AUTH", "default", ""), b"*3\r\n$4\r\nAUTH\r\n$7\r\ndefault\r\n$0\r\n\r\n"),
        (("get", "ü"), b"*2\r\n$3\r\nget\r\n$2\r\n\xc3\xbc\r\n"),
    ],
)
def test_a_request_is_packed_with_its_length_in_bytes(words: tuple[str, ...], sent: bytes) -> None:
    assert packed(*words) == sent


def test_an_inline_request_is_a_line() -> None:
    assert inline("get", "one") == b"get one\r\n"


@pytest.mark.parametrize(
    ("words", "arity", "filled"),
    [
        (["ping"], -1, ("ping",)),
        (["get"], 2, ("get", "1")),
        (["set"], -3, ("set", "1", "1")),
        (["config", "get"], -3, ("config", "get", "1")),
        (["acl", "list"], 2, ("acl", "list")),
    ],
)
def test_a_command_gets_as_many_arguments_as_it_wants(words: list[str], arity: int, filled: tuple[str, ...]) -> None:
    assert _filled(words, arity) == filled


def test_a_closed_connection_is_an_answer(serve: Serve) -> None:
    address, _ = serve({b"ping": b"+PONG\r\n"})
    with Wire(address) as wire:
        assert [wire.ask(b"ping\r\n"), wire.ask(b"quit\r\n"), wire.ask(b"ping\r\n")] == ["+PONG", CLOSED, CLOSED]


def test_anything_but_an_error_ends_the_connection_it_was_asked_on(serve: Serve) -> None:
    address, seen = serve({b"a": b"-NOPERM a\r\n", b"b": b"+OK\r\n", b"c": b"-NOPERM c\r\n"})
    found = _ask(address, [(name, inline(name)) for name in ("a", "b", "c", "d")])
    assert [attempt.answer for attempt in found] == ["-NOPERM a", "+OK", "-NOPERM c", CLOSED]
    assert seen == [b"(connected)", b"a", b"b", b"(connected)", b"c", b"d"]


def test_each_connection_logs_in_first(serve: Serve) -> None:
    address, seen = serve({b"auth": b"+OK\r\n", b"a": b"+OK\r\n", b"b": b"+OK\r\n"})
    _ask(address, [("a", inline("a")), ("b", inline("b"))], inline("auth"))
    assert seen == [b"(connected)", b"auth", b"a", b"(connected)", b"auth", b"b"]


def test_nothing_is_asked_after_a_login_that_failed(serve: Serve) -> None:
    address, seen = serve({b"auth": b"-WRONGPASS\r\n"})
    assert _ask(address, [("a", inline("a"))], inline("auth")) == (Attempt(request="AUTH", answer="-WRONGPASS"),)
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
