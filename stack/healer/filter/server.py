"""Listens to a healer, understands what it asks, and asks it of the engine: for containers of this project alone."""

import asyncio
import json
import signal
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, assert_never

from stack.healer import event_log
from stack.healer.container import read
from stack.healer.docker_api import AwayError, Engine, EngineError, GoneError, RefusalError
from stack.healer.event_watch import EVENTS
from stack.healer.filter import calls
from stack.healer.filter.calls import Question, RefusedError, understood
from stack.healer.heartbeat import beat
from stack.healer.identity import DIRECTORY, PROJECT, SERVICE, IdentityError, Project, own_id, own_project
from stack.healer.main_process import COLUMNS

ENGINE_SOCKET = "/var/run/docker.sock"
ENGINE_SECONDS = 15.0  # less than a healer waits for the filter; an engine on a machine that starves needs some
CLIENT_SECONDS = 10.0  # to say what it wants, and to take what it is given, on such a machine as well
CLIENTS_AT_ONCE = 32
# A new engine makes a new socket, and the mount still shows the old one: only a restart of ours mends that.
AWAY_SECONDS = 10
SHOWN = {  # what a healer is shown of a container: no variables, mounts or networks
    "Config": ("Hostname", "Labels", "Healthcheck", "StopTimeout"),
    "State": ("Status", "Health", "StartedAt", "FinishedAt", "Pid"),
}
Answer = tuple[str, bytes]  # status and body


class Filter:
    """The engine, as one project's healers may use it."""

    def __init__(self, engine: Engine, project: Project) -> None:
        self.engine = engine
        self.project = project
        self.labels = [f"{PROJECT}={project.name}", f"{DIRECTORY}={project.directory}"]
        self.turns = asyncio.Semaphore(CLIENTS_AT_ONCE)
        self.serving = False
        self.away_since: float | None = None
        self.outage: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    async def serve(self, socket: str) -> None:
        """Answer until the engine has been away for too long; raises AwayError then."""
        server = await asyncio.start_unix_server(self.answer, socket, limit=calls.LONGEST)
        _open(socket)
        event_log.write("filtering", project=self.project.name)
        self.serving = True
        try:
            await self.outage
        finally:
            self.serving = False
            server.close()  # and no waiting for those who follow events: they end with us

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One request, one answer, and the connection is closed."""
        try:
            if self.turns.locked():
                raise ConnectionRefusedError  # as many as there may be are being answered
            async with self.turns:
                await self._answer(reader, writer)
        except (ConnectionError, TimeoutError):  # nobody is there to be told, or one too many
            writer.transport.abort()
        finally:
            writer.close()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        request = await _received(reader)
        try:
            call = understood(request, self.project.name)
            if isinstance(call, calls.Events):
                await self._follow(reader, writer)
                return
            answer = "200 OK", json.dumps(await self._asked(call)).encode()
        except RefusedError as refused:
            event_log.write("refused", reason=str(refused), request=repr(request[:100]))
            answer = "403 Forbidden", _told(f"the filter refuses it: {refused}")
        except EngineError as error:
            self._note(error)
            answer = _passed_back(error)
        await _send(writer, *answer)

    async def _asked(self, call: Question) -> object:
        answer = await self._carried_out(call)
        self.away_since = None
        return answer

    async def _carried_out(self, call: Question) -> object:
        match call:
            case calls.Containers():
                return await self._listed(call)
            case calls.Inspect():
                return _shown(await self._own(call.container))
            case calls.Top():
                own = await self._own(call.container)
                return {"Processes": (await self.engine.top(own["Id"], COLUMNS)).get("Processes")}
            case calls.Restart():
                own = await self._own(call.container)
                await self.engine.restart(own["Id"], call.seconds)
            case calls.Start():
                own = await self._own(call.container)
                await self.engine.start(own["Id"])
            case _:
                assert_never(call)
        return None

    async def _listed(self, call: calls.Containers) -> list[Mapping[str, object]]:
        of_service = [f"{SERVICE}={call.service}"] if call.service else []
        health = {"health": ["unhealthy"]} if call.unhealthy else {}
        found = await self.engine.containers(stopped=call.stopped, label=[*self.labels, *of_service], **health)
        return [{"Id": name, "Labels": labels} for name, labels in found.items()]

    async def _own(self, container: str) -> dict[str, Any]:
        """Look at it, and raise GoneError for one that is not this project's, or is only called like an id."""
        seen = await self.engine.inspect(container)
        try:
            found = read(seen)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise EngineError(f"what the engine says of it is not understood: {error!r}") from error
        if not found.id.startswith(container) or not self.project.owns(found):
            raise GoneError("no such container")
        return seen

    async def _follow(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Pass the project's events on until either side goes, or the healer says another word."""
        async with self.engine.events(type=["container"], label=self.labels, event=EVENTS) as events:
            self.away_since = None
            await _send(writer, "200 OK", b"")
            gone = asyncio.create_task(reader.read(1))
            passing = asyncio.create_task(_passed_on(events, writer))
            try:
                await asyncio.wait({gone, passing}, return_when=asyncio.FIRST_COMPLETED)
            finally:
                gone.cancel()
                passing.cancel()
                await asyncio.gather(gone, passing, return_exceptions=True)

    def _note(self, error: EngineError) -> None:
        """That nobody was reached for long ends the filter: a healer tries again twice a second."""
        if not isinstance(error, AwayError):
            self.away_since = None
            return
        self.away_since = self.away_since or time.monotonic()
        if time.monotonic() - self.away_since > AWAY_SECONDS and not self.outage.done():
            self.outage.set_exception(error)


def _open(socket: str) -> None:
    """Who may reach the folder that it lies in may ask."""
    Path(socket).chmod(0o666)


async def _received(reader: asyncio.StreamReader) -> bytes:
    """All that came by the end of a request's head: what has more than that is not understood."""
    request = b""
    async with asyncio.timeout(CLIENT_SECONDS):
        while b"\r\n\r\n" not in request and len(request) < calls.LONGEST:
            if not (more := await reader.read(calls.LONGEST)):
                break
            request += more
    return request


async def _passed_on(events: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while line := await events.readline():
        async with _taken(writer):
            writer.write(line)


async def _send(writer: asyncio.StreamWriter, status: str, body: bytes) -> None:
    async with _taken(writer):
        writer.write(f"HTTP/1.0 {status}\r\nContent-Type: application/json\r\n\r\n".encode() + body)


@asynccontextmanager
async def _taken(writer: asyncio.StreamWriter) -> AsyncIterator[None]:
    """What is written within is taken in time, or nobody waits for it."""
    yield
    async with asyncio.timeout(CLIENT_SECONDS):
        await writer.drain()


def _passed_back(error: EngineError) -> Answer:
    match error:
        case GoneError():
            return "404 Not Found", _told("no such container")
        case RefusalError(status=status, text=text):
            return status, text.encode()
    return "502 Bad Gateway", _told(str(error))


def _told(message: str) -> bytes:
    return json.dumps({"message": message}).encode()


def _shown(seen: Mapping[str, Any]) -> dict[str, Any]:
    parts = {part: {key: seen[part][key] for key in keys if key in seen[part]} for part, keys in SHOWN.items()}
    return {"Id": seen["Id"], **parts}


def main(socket: str) -> int:
    """Run until told to stop; end in 1 where only a fresh start can help, in 2 where only a person can."""
    try:
        asyncio.run(_until_told_to_stop(socket))
    except (EngineError, OSError) as error:
        event_log.write("failed", reason=str(error))
        return 1
    except IdentityError as error:
        event_log.write("failed", reason=str(error))
        return 2
    return 0


async def _until_told_to_stop(socket: str) -> None:
    serving = asyncio.create_task(_serve(socket))
    # The kernel ignores SIGTERM for a process 1 that does not ask for it.
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, serving.cancel)
    try:
        await serving
    except asyncio.CancelledError:
        event_log.write("leaving", reason="told to stop")


async def _serve(socket: str) -> None:
    engine = Engine(ENGINE_SECONDS, ENGINE_SOCKET)
    served = Filter(engine, await own_project(engine, own_id()))
    beating = asyncio.create_task(beat(lambda: served.serving))
    try:
        await served.serve(socket)
    finally:
        beating.cancel()
