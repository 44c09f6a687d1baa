"""Where Redis is now: its name, looked up once for all who wait."""

import asyncio
import socket
from typing import Any

from redis.asyncio import Connection


class Lookup:
    """One question to the name service at a time, and its answer for everyone.

    The name of a stopped container takes seconds to be unknown, in one of few threads that nothing can
    interrupt. A question for each request would queue there, and Redis be away long after its return.
    """

    def __init__(self, host: str) -> None:
        self._host = host
        self._asked: asyncio.Task[str] | None = None

    async def address(self) -> str:
        if self._asked is None or self._asked.done():
            self._asked = asyncio.create_task(self._ask())
        # Who gives up waiting leaves the question to the others.
        return await asyncio.shield(self._asked)

    async def _ask(self) -> str:
        found = await asyncio.get_running_loop().getaddrinfo(self._host, None, type=socket.SOCK_STREAM)
        # IPv4 first: `localhost` is ::1 too, where few servers listen.
        _, _, _, _, address = min(found, key=lambda one: one[0])
        return str(address[0])


class LookedUpConnection(Connection):
    """A connection that finds its host through the lookup that all of its pool share."""

    def __init__(self, *, lookup: Lookup, **options: Any) -> None:  # noqa: ANN401 - redis-py's own
        super().__init__(**options)
        self._lookup = lookup

    async def connect(self) -> None:
        if not self.is_connected:
            self.host = await self._lookup.address()
        await super().connect()  # type: ignore[no-untyped-call]
