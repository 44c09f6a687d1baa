"""Redis as the service talks to it: one link that is made when needed, and made again when it has ended."""

import asyncio
import contextlib
from collections.abc import Callable

import hiredis

from service.link import Command, Link, Reply
from service.lookup import Lookup
from service.settings import Settings

# Between two attempts, however many wait for Redis: it is not to be run over when it comes back.
PAUSE_SECONDS = 0.05


class CredentialsError(Exception):
    """Redis refused the login."""


class Client:
    """Commands to Redis, each with the same time to be answered in: connecting and logging in included."""

    def __init__(
        self, settings: Settings, lookup: Lookup, *, seconds: float, on_answer: Callable[[float], None]
    ) -> None:
        self._settings = settings
        self._lookup = lookup
        self._seconds = seconds
        self._on_answer = on_answer
        self._link: Link | None = None
        self._open: set[Link] = set()  # that one, and those which only wait for answers to come in time
        self._attempt: asyncio.Task[Link] | None = None
        self._earliest = 0.0
        self.connections = 0

    @property
    def waiting(self) -> int:
        return self._link.waiting if self._link else 0

    async def ask(self, command: Command) -> Reply:
        """Redis' answer; TimeoutError, OSError, QueueFullError or CredentialsError where there is none."""
        if self._link is not None:
            return await self._link.ask(command)
        async with asyncio.timeout(self._seconds):
            link = await self._connected()
            return await link.ask(command)

    async def close(self) -> None:
        if self._attempt is not None:
            self._attempt.cancel()
            with contextlib.suppress(asyncio.CancelledError, OSError, CredentialsError):
                await self._attempt
        for link in self._open:
            link.close()
        await asyncio.gather(*(link.ended for link in self._open))

    async def _connected(self) -> Link:
        """One attempt at a time, whose outcome is everybody's; who gives up waiting leaves it to the others."""
        if self._attempt is None or self._attempt.done():
            self._attempt = asyncio.create_task(self._connect())
            self._attempt.add_done_callback(_seen)
        return await asyncio.shield(self._attempt)

    async def _connect(self) -> Link:
        loop = asyncio.get_running_loop()
        await asyncio.sleep(self._earliest - loop.time())
        try:
            # A name that is unknown takes its time, and another question would wait for the same answer.
            address = await self._lookup.address()
            async with asyncio.timeout(self._seconds):
                link = await self._logged_in(address)
        finally:
            self._earliest = loop.time() + PAUSE_SECONDS
        self._link = link
        self.connections += 1
        return link

    async def _logged_in(self, address: str) -> Link:
        loop, port = asyncio.get_running_loop(), self._settings.redis_port
        _, link = await loop.create_connection(self._new_link, address, port)
        try:
            answer = await link.ask(("AUTH", self._settings.redis_username, self._settings.redis_password))
        except BaseException:  # whatever ended it, being cancelled too: nobody will know this connection
            link.close()
            raise
        if isinstance(answer, hiredis.ReplyError):
            link.close()
            raise CredentialsError
        return link

    def _new_link(self) -> Link:
        return Link(
            seconds=self._seconds,
            capacity=self._settings.limits.redis_commands,
            on_begin=self._remember,
            on_end=self._forget,
            on_answer=self._on_answer,
        )

    def _remember(self, link: Link) -> None:
        self._open.add(link)
        link.ended.add_done_callback(lambda _: self._open.discard(link))

    def _forget(self, link: Link) -> None:
        if self._link is link:
            self._link = None


def _seen(attempt: asyncio.Task[Link]) -> None:
    """Those who waited were told; that they may all have given up is no error of its own."""
    if not attempt.cancelled():
        attempt.exception()
