"""The items, kept in Redis. Every question is answered, or fails, before its deadline."""

import logging
from collections.abc import Callable

import hiredis

from service.client import Client, CredentialsError
from service.condition import Condition
from service.link import Command, QueueFullError
from service.lookup import Lookup
from service.settings import Settings

KEY_PREFIX = "item:"  # the only keys that the ACL user may touch

log = logging.getLogger("service.store")


class StoreError(Exception):
    """Redis did not do what it was asked, for whatever reason. Of a write, nobody knows whether it was done."""


class Store:
    """The items by their id."""

    def __init__(self, settings: Settings, on_answer: Callable[[float], None] = lambda _: None) -> None:
        self._username = settings.redis_username
        lookup = Lookup(settings.redis_host)
        self.items = Client(settings, lookup, seconds=settings.redis_timeout, on_answer=on_answer)
        # Pings have a connection of their own: many requests at once are load, not a failure.
        self.pings = Client(settings, lookup, seconds=settings.redis_ping_timeout, on_answer=lambda _: None)
        self._connection = Condition(log, well="Redis answers")
        self._commands = {name: accepted(name) for name in ("SET", "GET", "PING")}

    async def put(self, item_id: str, data: str) -> bool:
        """Keep the item; true when there was none of that id."""
        # One command, not EXISTS and SET: nothing can come between, and the append-only file of
        # Redis never holds a transaction, which it may lose when torn.
        command = ("SET", KEY_PREFIX + item_id, data, "GET")
        before = await self._ask(command, self.items)
        return before is None

    async def get(self, item_id: str) -> str | None:
        return await self._ask(("GET", KEY_PREFIX + item_id), self.items)

    async def ping(self) -> None:
        """Return when Redis answers, raise StoreError when not."""
        await self._ask(("PING",), self.pings)

    async def close(self) -> None:
        await self.items.close()
        await self.pings.close()

    async def _ask(self, command: Command, client: Client) -> str | None:
        try:
            answer = await client.ask(command)
        except (OSError, QueueFullError, CredentialsError) as error:  # TimeoutError is an OSError
            self._connection.is_ill(self._why(error))
            raise StoreError from error
        self._connection.is_well()
        accepted = self._commands[command[0]]
        if isinstance(answer, hiredis.ReplyError):  # out of memory, read-only, not permitted
            accepted.is_ill(f"Redis refused {command[0]}: {answer}")
            raise StoreError from answer
        accepted.is_well()
        return None if answer is None else str(answer)

    def _why(self, error: Exception) -> str:
        match error:
            case CredentialsError():
                return f"Redis refused the credentials of user `{self._username}`"
            case QueueFullError():
                return "too many commands wait for an answer from Redis"
            case TimeoutError():
                return "no answer from Redis in time"
            case _:
                return f"no answer from Redis: {error}"


def accepted(name: str) -> Condition:
    return Condition(log, well=f"Redis accepts {name} again", starts_well=True)
