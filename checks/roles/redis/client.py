"""Ways to talk to the subject's Redis: as one of its users, or with bytes of one's own."""

import socket
from contextlib import suppress
from types import TracebackType
from typing import Self

import redis
from redis.backoff import NoBackoff
from redis.driver_info import DriverInfo
from redis.retry import Retry

from checks.subject.profile import Role
from stack.driver.project import Stack

PORT = 6379
ANSWER_SECONDS = 3.0
CLOSED = "(connection closed)"


def connect(stack: Stack, login: str) -> redis.Redis:
    """A client logged in as a user that the profile names; it never sends a command twice."""
    host, _, port = stack.address(stack.roles[Role.REDIS], PORT).partition(":")
    return redis.Redis(
        host=host,
        port=int(port),
        username=stack.login(login).user,
        password=stack.password(login),
        socket_timeout=ANSWER_SECONDS,
        retry=Retry(NoBackoff(), 0),
        driver_info=DriverInfo(name=None),  # CLIENT SETINFO would be noise in the ACL log
        single_connection_client=True,
        decode_responses=True,
    )


class Wire:
    """A connection that says nothing of itself: no AUTH, no HELLO. One request, one line of answer."""

    def __init__(self, address: str) -> None:
        host, _, port = address.partition(":")
        self._socket = socket.create_connection((host, int(port)), timeout=ANSWER_SECONDS)
        self._answers = self._socket.makefile("rb")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._answers.close()
        self._socket.close()

    def ask(self, request: bytes) -> str:
        """The first line of the answer ('-NOAUTH ...', '+OK', '$5', ...), or CLOSED."""
        with suppress(ConnectionError, TimeoutError):
            self._socket.sendall(request)
            return self._answers.readline().decode(errors="replace").strip() or CLOSED
        return CLOSED


def packed(*words: str) -> bytes:
    """A request as clients send it (RESP array of bulk strings)."""
    parts = [word.encode() for word in words]
    return b"*%d\r\n" % len(parts) + b"".join(b"$%d\r\n%b\r\n" % (len(part), part) for part in parts)


def inline(*words: str) -> bytes:
    """The same as a person would type it into a raw connection (the INLINE protocol)."""
    return " ".join(words).encode() + b"\r\n"


def every_command(stack: Stack) -> list[tuple[str, ...]]:
    """Each command and subcommand that the server knows, with as many arguments as it wants at the least.

    With too few, Redis would complain of those before it looks at who is asking.
    """
    with connect(stack, "auditor") as auditor:
        table = auditor.execute_command("COMMAND")
    found: list[tuple[str, ...]] = []
    for name, spec in table.items():
        if spec["subcommands"]:
            found += [_filled(str(sub[0]).split("|"), int(sub[1])) for sub in spec["subcommands"]]
        else:
            found.append(_filled([name], int(spec["arity"])))
    return sorted(found)


def _filled(words: list[str], arity: int) -> tuple[str, ...]:
    return (*words, *["1"] * (abs(arity) - len(words)))
