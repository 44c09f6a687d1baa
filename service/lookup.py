"""Where Redis is now: its name, looked up once for all who wait."""

import asyncio
import socket


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
