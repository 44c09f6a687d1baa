"""One connection to Redis that everybody shares: commands go out in turn, and answers come back in the same turn."""

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, cast

import hiredis

Command = tuple[str, ...]
Reply = str | int | hiredis.ReplyError | None

# `None` is an answer of Redis too: nothing is kept under that key.
NOT_YET: Final = object()


class QueueFullError(Exception):
    """As many commands as may wait for an answer do so already."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Waiting:
    """Who waits for an answer, since when, and until when."""

    answer: asyncio.Future[Reply]
    since: float
    deadline: float


class Link(asyncio.Protocol):
    """Redis answers in the order of the questions, so each answer belongs to whoever has waited longest.

    A late answer cannot reach somebody else: who gave up keeps the place in the queue until that answer comes, and
    from then on the link takes no more commands, so that nobody waits behind a Redis which stopped answering.
    """

    def __init__(
        self,
        *,
        seconds: float,
        capacity: int,
        on_begin: Callable[["Link"], None],
        on_end: Callable[["Link"], None],
        on_answer: Callable[[float], None],
    ) -> None:
        self._loop = asyncio.get_running_loop()
        self._seconds = seconds
        self._capacity = capacity
        self._on_begin = on_begin
        self._on_end = on_end
        self._on_answer = on_answer
        # What somebody else put there and is no text must not break the connection of everybody.
        self._reader = hiredis.Reader(encoding="utf-8", errors="replace", notEnoughData=NOT_YET)
        self._transport: asyncio.Transport | None = None
        self._unsent: list[bytes] = []
        self._waiting: deque[Waiting] = deque()
        self._timer: asyncio.TimerHandle | None = None
        self._retired = False
        self.ended: asyncio.Future[None] = self._loop.create_future()

    @property
    def waiting(self) -> int:
        return len(self._waiting)

    def ask(self, command: Command) -> asyncio.Future[Reply]:
        """The answer to come; TimeoutError or ConnectionError where none comes, and then nobody knows what was done."""
        if self._transport is None or self._transport.is_closing():
            raise ConnectionError("the connection was closed")
        if len(self._waiting) >= self._capacity:
            raise QueueFullError
        if not self._unsent:  # whatever else is asked in this turn of the event loop goes out in the same write
            self._loop.call_soon(self._send)
        self._unsent.append(hiredis.pack_command(command))  # type: ignore[arg-type] # its stub knows one word only
        now = self._loop.time()
        waiting = Waiting(answer=self._loop.create_future(), since=now, deadline=now + self._seconds)
        self._waiting.append(waiting)
        if self._timer is None:
            self._timer = self._loop.call_at(waiting.deadline, self._expire)
        return waiting.answer

    def close(self) -> None:
        """At once: a frozen Redis would take no more bytes, and a graceful end would wait for it."""
        if self._transport is not None:
            self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # uvloop's is none by descent
        self._on_begin(self)

    def data_received(self, data: bytes) -> None:
        now = self._loop.time()
        self._reader.feed(data)
        try:
            while (reply := self._reader.gets()) is not NOT_YET:
                self._answer(reply, now)
        except (hiredis.ProtocolError, IndexError):  # no answer of Redis, or one that nobody asked for
            self.close()

    def connection_lost(self, exc: Exception | None) -> None:
        self._on_end(self)
        if self._timer is not None:
            self._timer.cancel()
        for waiting in self._waiting:
            if not waiting.answer.done():
                waiting.answer.set_exception(ConnectionError(str(exc or "the connection was closed")))
        self._waiting.clear()
        self.ended.set_result(None)

    def _send(self) -> None:
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(b"".join(self._unsent))
        self._unsent.clear()

    def _answer(self, reply: Reply, now: float) -> None:
        oldest = self._waiting.popleft()
        self._on_answer(now - oldest.since)
        if not oldest.answer.done():  # else it came too late, and is for nobody
            oldest.answer.set_result(reply)

    def _expire(self) -> None:
        """Tell those whose time is over, and look again when the next one's is."""
        now = self._loop.time()
        late = [one for one in self._waiting if one.deadline <= now]
        punctual = [one for one in self._waiting if one.deadline > now and not one.answer.done()]
        for one in late:
            if not one.answer.done():
                one.answer.set_exception(TimeoutError())
        if late:
            self._retired = True
            self._on_end(self)
        if self._retired and not punctual:
            self.close()
        self._timer = self._loop.call_at(punctual[0].deadline, self._expire) if punctual else None
