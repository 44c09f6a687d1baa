"""The engine, through a unix socket, its own or the filter's before it: as much HTTP as a few calls need.

HTTP/1.0 is asked for on purpose: the engine then answers without chunks and closes when it is done.
"""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import quote, urlencode

SOCKET = "/run/engine/engine.sock"  # the filter's: a healer is given no other
LINE_LIMIT = 2**22  # an event carries every label of its container in one line
RESTART_SECONDS = 30  # what the engine may take beyond the stop time
ALREADY_SO = b"304"  # "not modified": somebody else was quicker
QUESTIONS_AT_ONCE = 8  # however many containers fall sick together: the engine has their probes to run as well

Labels = dict[str, str]


class EngineError(Exception):
    """The engine did not do what it was asked to."""


class GoneError(EngineError):
    """There is no such container, any more or for us."""


class StrangerError(GoneError):
    """It says that it is of this project, and Compose did not make it for this project."""


class RefusalError(EngineError):
    """The engine's own word against it: a status and a text."""

    def __init__(self, status: str, text: str) -> None:
        super().__init__(f"{status} {text}")
        self.status = status
        self.text = text


class AwayError(EngineError):
    """Nobody listens at the socket."""


class Engine:
    """A few calls, each with a time limit."""

    def __init__(self, seconds: float, socket: str = SOCKET) -> None:
        self.seconds = seconds
        self.socket = socket
        self.turns = asyncio.Semaphore(QUESTIONS_AT_ONCE)

    async def inspect(self, container: str) -> dict[str, Any]:
        """Look at one container."""
        seen: dict[str, Any] = await self._get(f"/containers/{quote(container, safe='')}/json")
        return seen

    async def containers(self, *, stopped: bool = False, **filters: list[str]) -> dict[str, Labels]:
        """Name the containers that pass the filters, by id, each with its labels."""
        query = urlencode({"all": int(stopped), "filters": json.dumps(filters)})
        listed = await self._get(f"/containers/json?{query}")
        try:
            return {one["Id"]: one["Labels"] or {} for one in listed}
        except (KeyError, TypeError) as error:
            raise EngineError(f"the engine's list of containers is not understood: {error!r}") from error

    async def restart(self, container: str, stop_seconds: float) -> None:
        """Restart it, and wait until that is done."""
        path = f"/containers/{quote(container, safe='')}/restart?t={round(stop_seconds)}"
        async with self._answer("POST", path, stop_seconds + RESTART_SECONDS):
            pass

    async def start(self, container: str) -> None:
        """Start it, and wait until that is done; one that runs already is no failure."""
        async with self._answer("POST", f"/containers/{quote(container, safe='')}/start", RESTART_SECONDS):
            pass

    async def top(self, container: str, columns: str) -> dict[str, Any]:
        """List its processes as `ps` does, in these columns, of which one has to be the pid."""
        query = urlencode({"ps_args": columns})
        listed: dict[str, Any] = await self._get(f"/containers/{quote(container, safe='')}/top?{query}")
        return listed

    @asynccontextmanager
    async def events(self, **filters: list[str]) -> AsyncIterator[asyncio.StreamReader]:
        """Follow what happens, one JSON line each."""
        query = urlencode({"filters": json.dumps(filters)})
        async with self._answer("GET", f"/events?{query}", self.seconds) as reader:
            yield reader

    async def _get(self, target: str) -> Any:  # noqa: ANN401 - whatever JSON says
        async with self.turns, self._answer("GET", target, self.seconds) as reader, _within(self.seconds):
            return json.loads(await reader.read())

    @asynccontextmanager
    async def _answer(self, method: str, target: str, seconds: float) -> AsyncIterator[asyncio.StreamReader]:
        """Ask, and hand over the body once the engine has begun to answer."""
        async with _within(seconds):
            reader, writer = await _connect(self.socket)
        try:
            writer.write(f"{method} {target} HTTP/1.0\r\nHost: engine\r\nContent-Length: 0\r\n\r\n".encode())
            async with _within(seconds):
                await _accept(reader)
            yield reader
        except (OSError, ValueError) as error:  # broken off, or not what JSON looks like
            raise EngineError(f"the engine's answer broke off: {error}") from error
        finally:
            writer.close()


@asynccontextmanager
async def _within(seconds: float) -> AsyncIterator[None]:
    try:
        async with asyncio.timeout(seconds):
            yield
    except TimeoutError as error:
        raise EngineError(f"no answer from the engine within {seconds:g} s") from error


async def _connect(socket: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    try:
        return await asyncio.open_unix_connection(socket, limit=LINE_LIMIT)
    except (ConnectionError, FileNotFoundError) as error:
        raise AwayError(f"nobody answers at the engine's socket: {error.strerror}") from error
    except PermissionError as error:
        raise EngineError("the engine's socket is closed to this user: is its group ours?") from error


async def _accept(reader: asyncio.StreamReader) -> None:
    """Read up to the body, or raise what the engine says instead."""
    status = (await reader.readline()).split(maxsplit=2)
    while (await reader.readline()).strip():
        pass
    if len(status) < 2:
        raise EngineError("the engine closed the connection without an answer")
    if not status[1].startswith(b"2") and status[1] != ALREADY_SO:
        raise await _refusal(status[1].decode(), reader)


async def _refusal(status: str, reader: asyncio.StreamReader) -> EngineError:
    text = " ".join((await reader.read(1000)).decode(errors="replace").split())
    # A start is refused in this way as well where something else is missing: a network, say.
    gone = status == "404" and ("no such container" in text.lower() or text in ("", "{}"))
    return GoneError("no such container") if gone else RefusalError(status, text)
