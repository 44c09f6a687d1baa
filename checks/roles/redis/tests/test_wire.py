"""Bytes of our own to Redis: one request, one line of answer."""

import pytest

from checks.roles.redis.client import _filled
from checks.roles.redis.tests.line_server import serving
from checks.roles.redis.wire import CLOSED, Wire, inline, packed


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


def test_a_closed_connection_is_an_answer() -> None:
    with serving({b"ping": b"+PONG\r\n"}) as (address, _), Wire(address) as wire:
        assert [wire.ask(b"ping\r\n"), wire.ask(b"quit\r\n"), wire.ask(b"ping\r\n")] == ["+PONG", CLOSED, CLOSED]
