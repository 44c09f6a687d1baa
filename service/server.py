"""uvicorn's connection over httptools, with the limits that neither of them has.

httptools keeps a header until its end and uvicorn a connection for as long as the client likes, so that one request
could take all of the time, and some all of the memory. Everything is bounded here, by `settings.Limits`.
"""

import asyncio
import socket
from enum import Enum, auto
from functools import partial
from http import HTTPStatus
from typing import Any, cast

import httptools
from uvicorn._types import ASGI3Application
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from service.crowd import Crowd
from service.problem import MEDIA_TYPE, problem_body
from service.settings import Limits

LINGER_SECONDS = 1.0  # for the client to read why, before what it still sends makes the kernel throw that away


class Phase(Enum):
    """What a connection is at."""

    IDLE = auto()  # between requests
    RECEIVING = auto()  # a request has begun, and is not whole
    ANSWERING = auto()
    REFUSED = auto()  # the answer says why; nothing that still comes is looked at


class RefusedError(Exception):
    """Ends the parsing of what has come in."""


class Connection(HttpToolsProtocol):
    """One client."""

    def __init__(self, *, limits: Limits, crowd: Crowd, **of_uvicorn: Any) -> None:  # noqa: ANN401 - its own
        super().__init__(**of_uvicorn)
        self.limits = limits
        self.crowd = crowd
        self.phase = Phase.IDLE
        self.due = 0.0  # until when this phase may last
        self.held = 0  # bytes of bodies that are not answered yet
        self._chunk = 0  # bytes that came in last
        self._of_request = 0  # bytes of this request before them, and some of them
        self._in_head = False
        self._answered: RequestResponseCycle | None = None  # now, or last
        self._objection: HTTPStatus | None = None  # what stopped the parser
        self._refusal: HTTPStatus | None = None  # what is said about it as soon as that can be said

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # as in uvicorn's
        super().connection_made(transport)
        self._enter(Phase.IDLE, self.limits.idle_seconds)
        self.crowd.joined(self)

    def connection_lost(self, exc: Exception | None) -> None:
        self.crowd.left(self)
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self._refusal is not None:
            return
        if self.phase is Phase.IDLE:
            self._enter(Phase.RECEIVING, self.limits.request_seconds)
        self._chunk = len(data)
        self._of_request += self._chunk
        try:
            self.parser.feed_data(data)
            self._look_at_size()
        except httptools.HttpParserUpgrade:
            pass  # to what we do not speak: answered as the HTTP that it is too
        except (httptools.HttpParserError, RefusedError):
            self.refuse(self._objection or HTTPStatus.BAD_REQUEST)

    def on_message_begin(self) -> None:
        if len(self.pipeline) >= self.limits.pipelined:
            self._stop(HTTPStatus.TOO_MANY_REQUESTS)
        self._of_request, self._in_head = 0, True
        self._enter(Phase.RECEIVING, self.limits.request_seconds)
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        self._in_head = False
        if len(self.headers) > self.limits.headers or self._head_is_large():
            self._stop(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE)
        if self._announced() > self.limits.body_bytes:
            self._stop(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        if self.cycle.response_complete:
            return
        self.held += len(body)
        if not self.crowd.holds(len(body)):
            self._stop(HTTPStatus.SERVICE_UNAVAILABLE)
        super().on_body(body)

    def on_message_complete(self) -> None:
        self._enter(Phase.ANSWERING, self.limits.answer_seconds)
        super().on_message_complete()

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: ASGI3Application) -> None:
        self._answered = cycle
        super()._start_asgi_task(cycle, app)

    def on_response_complete(self) -> None:
        """As uvicorn's, without a timer for each connection."""
        self.server_state.total_requests += 1
        self.crowd.released(self)
        if self.transport.is_closing():
            return
        if self.phase is Phase.ANSWERING:
            self._enter(Phase.IDLE, self.limits.idle_seconds)
        if self.pipeline:
            self._start_asgi_task(*self.pipeline.pop())
        if self._refusal is not None:
            self.refuse(self._refusal)
        else:
            self.flow.resume_reading()

    def pause_writing(self) -> None:
        super().pause_writing()
        self.crowd.is_slow(self)

    def resume_writing(self) -> None:
        super().resume_writing()
        self.crowd.is_swift(self)

    def overdue(self) -> None:
        """What this phase may last is over."""
        if self.phase is Phase.RECEIVING:
            self.refuse(HTTPStatus.REQUEST_TIMEOUT)
        elif self.phase is Phase.IDLE and self.transport.get_write_buffer_size():
            self._enter(Phase.ANSWERING, self.limits.answer_seconds)  # it still takes what it asked for
        else:
            self.cut_off()

    def refuse(self, status: HTTPStatus) -> None:
        """Say why, once everything before is answered, and hang up."""
        self._refusal = status
        self.flow.pause_reading()
        if self.pipeline or (self._is_answering() and not self.cycle.more_body):
            self._enter(Phase.ANSWERING, self.limits.answer_seconds)
        elif self._is_answering() and self.cycle.response_started:
            self.cut_off()
        else:
            self._hang_up(status)

    def cut_off(self) -> None:
        """Hang up at once: to close would be to wait until the client has taken everything."""
        self._disconnect()
        self.transport.abort()

    def _disconnect(self) -> None:
        """Let who still answers, or waits for the rest of a request, know that nobody is there.

        With requests read ahead, uvicorn's `cycle` is the last of them, and not the one that is being answered.
        """
        for cycle in filter(None, (self._answered, self.cycle)):
            cycle.disconnected = True
            cycle.message_event.set()

    def _hang_up(self, status: HTTPStatus) -> None:
        self._enter(Phase.REFUSED, LINGER_SECONDS)
        self.crowd.released(self)
        body = problem_body(status)
        head = f"HTTP/1.1 {status.value} {status.phrase}\r\ncontent-length: {len(body)}\r\n"
        self.transport.write(f"{head}content-type: {MEDIA_TYPE}\r\nconnection: close\r\n\r\n".encode() + body)
        self.transport.write_eof()
        self._disconnect()
        self.flow.resume_reading()

    def _is_answering(self) -> bool:
        return self.cycle is not None and not self.cycle.response_complete

    def _stop(self, status: HTTPStatus) -> None:
        self._objection = status
        raise RefusedError

    def _enter(self, phase: Phase, seconds: float) -> None:
        self.phase = phase
        self.due = self.loop.time() + seconds

    def _look_at_size(self) -> None:
        """What the parser has taken without a word: a head without end, or chunks and trailers beyond reason."""
        if self._in_head and self._of_request > self.limits.head_bytes:
            self._stop(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE)
        if self._of_request > 2 * self.limits.body_bytes:
            self._stop(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)

    def _head_is_large(self) -> bool:
        if self._of_request + self._chunk <= self.limits.head_bytes:
            return False
        fields = sum(len(name) + len(value) + len(": \r\n") for name, value in self.headers)
        return len(self.url) + fields > self.limits.head_bytes

    def _announced(self) -> int:
        return next((int(value) for name, value in self.headers if name == b"content-length"), 0)


def listener(host: str, port: int, limits: Limits) -> socket.socket:
    """For uvicorn's `sockets=`: what it accepts inherits these buffers, which would grow to megabytes in the kernel."""
    bound = socket.socket()
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    for buffer in (socket.SO_RCVBUF, socket.SO_SNDBUF):
        bound.setsockopt(socket.SOL_SOCKET, buffer, limits.socket_bytes)
    bound.bind((host, port))
    return bound


def listening(limits: Limits) -> type[asyncio.Protocol]:
    """What uvicorn makes of each connection: for its `http=`."""
    return cast("type[asyncio.Protocol]", partial(Connection, limits=limits, crowd=Crowd(limits)))
