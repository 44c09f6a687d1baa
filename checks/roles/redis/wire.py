"""Redis' protocol, byte by byte: for what a client library would not send."""

import socket
from contextlib import suppress
from types import TracebackType
from typing import Self

ANSWER_SECONDS = 3.0
CLOSED = "(connection closed)"
SILENT = "(no answer in time)"


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
        """The first line of the answer ('-NOAUTH ...', '+OK', '$5', ...), CLOSED or SILENT."""
        with suppress(ConnectionError):
            try:
                self._socket.sendall(request)
                return self._answers.readline().decode(errors="replace").strip() or CLOSED
            except TimeoutError:
                return SILENT
        return CLOSED


def packed(*words: str) -> bytes:
    """A request as clients send it (RESP array of bulk strings)."""
    parts = [word.encode() for word in words]
    return b"*%d\r\n" % len(parts) + b"".join(b"$%d\r\n%b\r\n" % (len(part), part) for part in parts)


def inline(*words: str) -> bytes:
    """The same as a person would type it into a raw connection (the INLINE protocol)."""
    return " ".join(words).encode() + b"\r\n"
