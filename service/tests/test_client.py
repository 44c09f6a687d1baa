"""Every answer of Redis reaches whoever asked for it, or nobody."""

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest

from service.client import PAUSE_SECONDS, Client
from service.link import Link, QueueFullError, Reply
from service.lookup import Lookup
from service.settings import Limits
from service.tests.conftest import free_port, settings
from service.tests.fake_redis import FakeRedis, bulk, fake_redis

PATIENT, SHORT = 5.0, 0.15


def client_of(port: int, seconds: float = PATIENT) -> Client:
    return Client(settings(port), Lookup("127.0.0.1"), seconds=seconds, on_answer=lambda _: None)


@asynccontextmanager
async def connected(seconds: float = PATIENT) -> AsyncIterator[tuple[FakeRedis, Client]]:
    """A Redis, and a client that has asked it something before."""
    async with fake_redis() as redis:
        client = client_of(redis.port, seconds)
        try:
            [first] = asking(client, "first")
            connection, _ = await redis.next()
            connection.write(bulk("answered"))
            await first
            yield redis, client
        finally:
            await client.close()


def asking(client: Client, *names: str) -> list[asyncio.Task[Reply]]:
    return [asyncio.create_task(client.ask(("GET", name))) for name in names]


def run(test: Callable[[], Awaitable[None]]) -> None:
    async def bounded() -> None:
        async with asyncio.timeout(60):
            await test()

    asyncio.run(bounded())


def test_answers_in_parts_reach_whoever_asked() -> None:
    async def test() -> None:
        async with connected() as (redis, client):
            tasks = asking(client, "a", "b", "c")
            stream = b""
            for _ in tasks:
                connection, (_, name) = await redis.next()
                stream += bulk(f"value of {name}")
            for byte in stream:
                connection.write(bytes([byte]))
                await connection.drain()
                await asyncio.sleep(0)
            assert await asyncio.gather(*tasks) == ["value of a", "value of b", "value of c"]

    run(test)


@pytest.mark.parametrize("seed", range(5))
def test_each_of_many_gets_its_own_however_the_answers_are_cut(seed: int) -> None:
    drawn = random.Random(seed)  # noqa: S311 - the same cuts each time

    async def answer(redis: FakeRedis) -> None:
        while True:
            connection, (_, name) = await redis.next()
            answer = bulk(name)
            cut = drawn.randrange(len(answer))
            connection.write(answer[:cut])
            if drawn.random() < 0.2:
                await asyncio.sleep(0.001)
            connection.write(answer[cut:])

    async def test() -> None:
        async with connected() as (redis, client):
            answering = asyncio.create_task(answer(redis))
            names = [f"{number}-" + "x" * drawn.randrange(300) for number in range(500)]
            assert await asyncio.gather(*asking(client, *names)) == names
            answering.cancel()
            assert len(redis.connections) == 1

    run(test)


def test_late_answer_reaches_nobody_else() -> None:
    async def test() -> None:
        async with connected(SHORT) as (redis, client):
            [late] = asking(client, "late")
            old, _ = await redis.next()
            with pytest.raises(TimeoutError):
                await late
            [punctual] = asking(client, "punctual")
            new, (_, name) = await redis.next()
            old.write(bulk("meant for the late one"))
            await asyncio.sleep(SHORT / 3)
            new.write(bulk(f"value of {name}"))
            assert await punctual == "value of punctual"
            assert new is not old

    run(test)


def test_who_asked_behind_a_late_answer_still_gets_its_own() -> None:
    async def test() -> None:
        async with connected(SHORT) as (redis, client):
            [late] = asking(client, "late")
            await redis.next()
            await asyncio.sleep(SHORT * 0.6)
            [punctual] = asking(client, "punctual")
            connection, _ = await redis.next()
            with pytest.raises(TimeoutError):
                await late
            connection.write(bulk("value of late") + bulk("value of punctual"))
            assert await punctual == "value of punctual"

    run(test)


def test_a_link_that_was_late_ends_with_its_last_question() -> None:
    async def test() -> None:
        async with connected(SHORT) as (redis, client):
            [late] = asking(client, "late")
            connection, _ = await redis.next()
            with pytest.raises(TimeoutError):
                await late
            await asyncio.sleep(SHORT)
            assert connection.is_closing()

    run(test)


@pytest.mark.parametrize("nonsense", [bulk("one") + bulk("too many"), b"what?\r\n"])
def test_answers_that_nobody_asked_for_end_the_connection(nonsense: bytes) -> None:
    async def test() -> None:
        async with connected() as (redis, client):
            [first] = asking(client, "first")
            connection, _ = await redis.next()
            connection.write(nonsense)
            await asyncio.wait([first])
            await asyncio.sleep(0.05)
            [second] = asking(client, "second")
            other, _ = await redis.next()
            other.write(bulk("its own"))
            assert await second == "its own"
            assert other is not connection

    run(test)


def test_lost_connection_fails_those_who_wait_and_nobody_after() -> None:
    async def test() -> None:
        async with connected() as (redis, client):
            tasks = asking(client, "a", "b")
            connection, _ = await redis.next()
            connection.close()
            assert all(isinstance(one, ConnectionError) for one in await asyncio.gather(*tasks, return_exceptions=True))
            redis.asked.clear()
            [after] = asking(client, "after")
            other, _ = await redis.next()
            other.write(bulk("well again"))
            assert await after == "well again"

    run(test)


def test_redis_that_is_away_is_not_run_over() -> None:
    async def test() -> None:
        async with fake_redis() as redis:
            redis.lets_in = False
            client = client_of(redis.port)
            loop = asyncio.get_running_loop()
            start = loop.time()
            while loop.time() - start < 10 * PAUSE_SECONDS:
                await asyncio.gather(*asking(client, *"abcdefgh"), return_exceptions=True)
            await client.close()
            assert 2 <= len(redis.connections) <= 12

    run(test)


def test_nobody_there_is_told_at_once_and_within_the_deadline() -> None:
    async def test() -> None:
        client = client_of(free_port())
        start = asyncio.get_running_loop().time()
        told = await asyncio.gather(*asking(client, "a", "b"), return_exceptions=True)
        assert [type(one) for one in told] == [ConnectionRefusedError] * 2
        assert asyncio.get_running_loop().time() - start < PATIENT / 2

    run(test)


class Transport:
    """Notes what is written to it."""

    def __init__(self) -> None:
        self.written: list[bytes] = []

    def write(self, data: bytes) -> None:
        self.written.append(data)

    def is_closing(self) -> bool:
        return False


def link_on(transport: Any, capacity: int = Limits.redis_commands) -> Link:  # noqa: ANN401 - a stand-in
    ignore: Callable[[object], None] = lambda _: None  # noqa: E731
    link = Link(seconds=PATIENT, capacity=capacity, on_begin=ignore, on_end=ignore, on_answer=ignore)
    link.connection_made(transport)
    return link


def test_what_is_asked_in_one_turn_is_one_write() -> None:
    async def test() -> None:
        transport = Transport()
        link = link_on(transport)
        answers = [link.ask(("GET", name)) for name in "abc"]
        await asyncio.sleep(0)
        assert len(transport.written) == 1
        link.data_received(bulk("1") + b"$-1\r\n" + bulk("3"))
        assert await asyncio.gather(*answers) == ["1", None, "3"]

    run(test)


def test_no_more_wait_than_may() -> None:
    async def test() -> None:
        link = link_on(Transport(), capacity=2)
        waiting = [link.ask(("GET", name)) for name in "ab"]
        with pytest.raises(QueueFullError):
            link.ask(("GET", "c"))
        link.data_received(bulk("1"))
        waiting.append(link.ask(("GET", "d")))
        link.data_received(bulk("2") + bulk("4"))
        assert await asyncio.gather(*waiting) == ["1", "2", "4"]

    run(test)
