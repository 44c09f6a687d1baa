"""All clients together: who is overdue, and what they make us keep in memory."""

from __future__ import annotations

import asyncio
import heapq
from typing import Protocol

from service.settings import Limits

SWEEP_SECONDS = 0.5


class Member(Protocol):
    """A connection, as far as it matters to the others."""

    transport: asyncio.Transport
    loop: asyncio.AbstractEventLoop
    due: float  # until when it may go on as it does
    held: int  # bytes of bodies that are not answered yet

    def overdue(self) -> None:
        """End what it is at."""

    def cut_off(self) -> None:
        """Hang up at once."""


class Crowd:
    """Every open connection, in the order in which they came."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._members: dict[Member, None] = {}
        self._slow: dict[Member, None] = {}
        self._held = 0
        self._sweeper: asyncio.TimerHandle | None = None

    def joined(self, connection: Member) -> None:
        self._members[connection] = None
        if len(self._members) > self._limits.connections:
            self._make_room()
        if self._sweeper is None:
            self._sweeper = connection.loop.call_later(SWEEP_SECONDS, self._sweep, connection.loop)

    def left(self, connection: Member) -> None:
        self.released(connection)
        self._members.pop(connection, None)
        self._slow.pop(connection, None)

    def holds(self, more: int) -> bool:
        """So many bytes more of bodies; false when that is too much."""
        self._held += more
        return self._held <= self._limits.received_bytes

    def released(self, connection: Member) -> None:
        self._held -= connection.held
        connection.held = 0

    def is_slow(self, connection: Member) -> None:
        """Its answers wait here, since it does not take them. Who has done so for longest goes when it is too much."""
        self._slow[connection] = None
        while sum(one.transport.get_write_buffer_size() for one in self._slow) > self._limits.unread_bytes:
            oldest = next(iter(self._slow))
            del self._slow[oldest]
            oldest.cut_off()

    def is_swift(self, connection: Member) -> None:
        self._slow.pop(connection, None)

    def _make_room(self) -> None:
        """Those who would be overdue first go, some at once, since looking for them takes a while under attack.

        Whoever has just come, which may be the health probe, does not wait for them.
        """
        some = max(1, self._limits.connections // 16)
        for first in heapq.nsmallest(some, self._members, key=lambda one: one.due):
            del self._members[first]
            first.cut_off()

    def _sweep(self, loop: asyncio.AbstractEventLoop) -> None:
        now = loop.time()
        for connection in [one for one in self._members if one.due <= now]:
            connection.overdue()
        self._sweeper = loop.call_later(SWEEP_SECONDS, self._sweep, loop) if self._members else None
