"""The items, kept in Redis. Every question is answered, or fails, before its deadline."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

from redis.asyncio import ConnectionPool, Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import AuthenticationError, RedisError, ResponseError

from service.condition import Condition
from service.lookup import LookedUpConnection, Lookup
from service.settings import Settings

KEY_PREFIX = "item:"  # the only keys that the ACL user may touch
PING_CONNECTIONS = 4
CLOSE_SECONDS = 0.2

Answer = TypeVar("Answer")

log = logging.getLogger("service.store")


class StoreError(Exception):
    """Redis did not do what it was asked, for whatever reason."""


@dataclass(frozen=True, kw_only=True)
class Lane:
    """How many questions of a kind may be asked at once, and how long one may take."""

    slots: asyncio.Semaphore
    seconds: float


class Store:
    """The items by their id."""

    def __init__(self, settings: Settings) -> None:
        self._username = settings.redis_username
        self._redis = connect(settings)
        self._items = Lane(slots=asyncio.Semaphore(settings.redis_pool_size), seconds=settings.redis_timeout)
        # Pings have connections of their own: many requests at once are load, not a failure.
        self._pings = Lane(slots=asyncio.Semaphore(PING_CONNECTIONS), seconds=settings.redis_ping_timeout)
        self._connection = Condition(log, well="Redis answers")
        self._commands = {name: accepted(name) for name in ("SET", "GET", "PING")}

    async def put(self, item_id: str, data: str) -> bool:
        """Keep the item; true when there was none of that id."""
        # One command, not EXISTS and SET: nothing can come between, and the append-only file of
        # Redis never holds a transaction, which it may lose when torn.
        command = partial(self._redis.set, KEY_PREFIX + item_id, data, get=True)
        before = await self._ask("SET", command, self._items)
        return before is None

    async def get(self, item_id: str) -> str | None:
        found = await self._ask("GET", partial(self._redis.get, KEY_PREFIX + item_id), self._items)
        return None if found is None else str(found)

    async def ping(self) -> None:
        """Return when Redis answers, raise StoreError when not."""
        await self._ask("PING", self._redis.ping, self._pings)

    async def close(self) -> None:
        # A frozen Redis takes no more bytes, and closing waits for those still to be sent.
        with suppress(TimeoutError):
            async with asyncio.timeout(CLOSE_SECONDS):
                await self._redis.aclose()

    async def _ask(self, name: str, command: Callable[[], Awaitable[Answer]], lane: Lane) -> Answer:
        try:
            async with asyncio.timeout(lane.seconds), lane.slots:
                answer = await command()
        except ResponseError as error:  # out of memory, read-only, not permitted: an answer, but a no
            self._connection.is_well()
            self._commands[name].is_ill(f"Redis refused {name}: {reply(error)}")
            raise StoreError from error
        except (RedisError, OSError) as error:  # TimeoutError is an OSError
            self._connection.is_ill(self._why(error))
            raise StoreError from error
        self._connection.is_well()
        self._commands[name].is_well()
        return answer

    def _why(self, error: RedisError | OSError) -> str:
        match error:
            case AuthenticationError():
                return f"Redis refused the credentials of user `{self._username}`"
            case TimeoutError():
                return "no answer from Redis in time"
            case _:
                return f"no answer from Redis: {error}"


def accepted(name: str) -> Condition:
    return Condition(log, well=f"Redis accepts {name} again", starts_well=True)


def reply(error: ResponseError) -> str:
    """The reply as Redis sent it: redis-py takes the code off those that it knows."""
    return f"{error.status_code} {error}" if error.status_code else str(error)


def connect(settings: Settings) -> Redis:
    """A client that connects when first asked.

    It never resends a command. It need not: a pooled connection that Redis has closed since is
    noticed, and replaced, before anything is sent on it, so 32 of them cost no failure.
    The pool is not redis-py's BlockingConnectionPool: that one loses a connection for good when
    the deadline ends a request while it waits to give its connection back. Semaphores bound it.
    """
    pool = ConnectionPool(
        connection_class=LookedUpConnection,
        lookup=Lookup(settings.redis_host),
        port=settings.redis_port,
        username=settings.redis_username,
        password=settings.redis_password,
        max_connections=settings.redis_pool_size + PING_CONNECTIONS,
        decode_responses=True,
        # Over RESP 3, redis-py asks for maintenance notifications, and it introduces itself with
        # CLIENT SETINFO: the ACL user may do neither, and each would stand in Redis' ACL log.
        protocol=2,
        driver_info=None,
        retry=Retry(NoBackoff(), 0),
        # The one deadline around the whole question replaces those per socket operation.
        socket_timeout=None,
        socket_connect_timeout=None,
    )
    return Redis.from_pool(pool)
