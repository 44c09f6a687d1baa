"""A Redis that says what a test tells it to, when it is told to: late, in parts, or nothing."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import hiredis


class FakeRedis:
    """Lets everybody log in, and keeps their commands until the test answers them."""

    def __init__(self) -> None:
        self.port = 0
        self.connections: list[asyncio.StreamWriter] = []
        self.asked: deque[tuple[asyncio.StreamWriter, list[str]]] = deque()
        self.came = asyncio.Event()
        self.lets_in = True

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections.append(writer)
        parser = hiredis.Reader(encoding="utf-8")
        while self.lets_in and (data := await reader.read(65536)):
            parser.feed(data)
            while command := parser.gets():
                self._take(writer, command)
        writer.close()

    def _take(self, writer: asyncio.StreamWriter, command: list[str]) -> None:
        if command[0] == "AUTH":
            writer.write(b"+OK\r\n")
        else:
            self.asked.append((writer, command))
            self.came.set()

    async def next(self) -> tuple[asyncio.StreamWriter, list[str]]:
        """The oldest command that nobody has taken, and the connection that it came on."""
        while not self.asked:
            self.came.clear()
            await self.came.wait()
        return self.asked.popleft()


def bulk(text: str) -> bytes:
    """A text as Redis answers it."""
    return b"$%d\r\n%b\r\n" % (len(text.encode()), text.encode())


@asynccontextmanager
async def fake_redis() -> AsyncIterator[FakeRedis]:
    fake = FakeRedis()
    server = await asyncio.start_server(fake.serve, "127.0.0.1", 0)
    fake.port = server.sockets[0].getsockname()[1]
    try:
        yield fake
    finally:
        server.close()
        for writer in fake.connections:
            writer.close()
        await asyncio.sleep(0.01)  # for what serves them to see that
