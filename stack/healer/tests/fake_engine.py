"""An engine of a few lines behind a unix socket: slow, broken or forgetful on demand, as a real one cannot be made."""

import asyncio
import json
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

LONG_AGO = "2026-01-01T00:00:00Z"
NOON = 1_767_268_800 * 10**9  # of that day: when all events happen
EVENING = "2026-01-01T18:00:00Z"
LATE = {
    "Start": "2026-01-01T01:00:00Z",
    "End": "2026-01-01T01:00:01.5Z",
    "ExitCode": -1,
    "Output": "Health check exceeded timeout (1.5s)",
}
PROBE = {"Start": "2026-01-01T01:00:00Z", "End": "2026-01-01T01:00:00.1Z", "ExitCode": 1, "Output": "no answer"}


def container(name: str, *, health: str = "healthy", **labels: str) -> dict[str, Any]:
    """What inspect says of a container of the project `shop`, started in /srv/shop; labels as keywords, or others."""
    told = {"project": "shop", "service": name, "project.working_dir": "/srv/shop"} | labels
    return {
        "Id": name.encode().hex().ljust(64, "0"),
        "Config": {
            "Hostname": name,
            "Labels": {f"com.docker.compose.{label}": text for label, text in told.items()},
            "Healthcheck": {"Test": ["CMD", "true"], "Interval": 10**8, "Timeout": 10**8, "Retries": 1},
        },
        "State": {
            "Status": "running",
            "StartedAt": LONG_AGO,
            "Pid": 7,
            "Health": {"Status": health, "Log": [PROBE]},
        },
    }


@dataclass
class SmallEngine:
    """Its containers, how it misbehaves, and what it was asked."""

    containers: dict[str, dict[str, Any]] = field(default_factory=dict)
    delay: float = 0.0  # seconds before each answer
    refusals: int = 0  # so many of the next questions end in 500
    restart_seconds: float = 0.0
    deaf: bool = False  # unhealthy after a restart as before
    starts_refused: int = 0  # so many of the next starts fail, those of a restart as well
    started_already: bool = False  # by somebody else, whenever it is to start one
    main_state: str = "Ssl"  # of every main process, as `ps` tells it; '' where there is no `ps`
    started: list[str] = field(default_factory=list)  # by service: those that were only started
    restarted: list[str] = field(default_factory=list)  # by service
    asked: int = 0
    requests: list[str] = field(default_factory=list)  # method and target of each
    filters: list[str] = field(default_factory=list)  # of those that have any
    looked_at_processes: int = 0
    restarts_at_once: int = 0  # the most there were
    questions_at_once: int = 0
    streams: set[asyncio.StreamWriter] = field(default_factory=set)
    callers: set[asyncio.StreamWriter] = field(default_factory=set)
    socket: str = ""
    server: asyncio.Server = field(init=False)
    restarting: int = 0
    ups: int = 0
    answering: int = 0

    def add(self, *added: dict[str, Any]) -> None:
        self.containers |= {one["Id"]: one for one in added}

    def tell(self, action: str, one: dict[str, Any], at: int = NOON, **attributes: str) -> None:
        """Report an event of a container to everybody who listens."""
        actor = {"ID": one["Id"], "Attributes": one["Config"]["Labels"] | attributes}
        self.say(json.dumps({"Action": action, "Actor": actor, "timeNano": at}) + "\n")

    def say(self, text: str) -> None:
        for stream in self.streams:
            stream.write(text.encode())

    def fall_sick(self, one: dict[str, Any], *, reported: bool = True) -> None:
        one["State"]["Health"]["Status"] = "unhealthy"
        if reported:
            self.tell("health_status: unhealthy", one)

    def get_well(self, one: dict[str, Any]) -> None:
        one["State"]["Health"]["Status"] = "healthy"
        self.tell("health_status: healthy", one)

    def hang_up(self) -> None:
        """End every event stream."""
        for stream in self.streams:
            stream.close()
        self.streams.clear()

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[str]:
        """The path of its socket: a short one, for 108 bytes is all there is."""
        with tempfile.TemporaryDirectory() as folder:
            self.socket = f"{folder}/s"
            self.server = await asyncio.start_unix_server(self._answer, self.socket)
            try:
                yield self.socket
            finally:
                await self._end()

    @asynccontextmanager
    async def away(self) -> AsyncIterator[None]:
        """Ended, and started again at the end."""
        await self._end()
        yield
        self.server = await asyncio.start_unix_server(self._answer, self.socket)

    async def _end(self) -> None:
        self.server.close()
        for writer in self.callers:
            writer.transport.abort()
        self.streams.clear()
        await asyncio.sleep(0.01)  # both sides take leave

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.callers.add(writer)
        with suppress(ConnectionError):
            method, target, _ = (await reader.readuntil(b"\r\n\r\n")).decode().split(" ", 2)
            path = urlsplit(target)
            self.requests.append(f"{method} {target}")
            self.filters += parse_qs(path.query).get("filters", [])
            if path.path == "/events":
                writer.write(b"HTTP/1.0 200 OK\r\n\r\n")
                self.streams.add(writer)
                return
            status, body = await self._counted(method, path.path, parse_qs(path.query))
            writer.write(f"HTTP/1.0 {status}\r\n\r\n".encode() + body.encode())
            await writer.drain()
        writer.close()
        self.callers.discard(writer)

    async def _counted(self, method: str, path: str, query: dict[str, list[str]]) -> tuple[str, str]:
        self.asked += 1
        if method == "POST":
            name = unquote(path.split("/")[2])
            return await self._restart(name) if path.endswith("/restart") else self._start(name)
        self.answering += 1
        self.questions_at_once = max(self.questions_at_once, self.answering)
        try:
            await asyncio.sleep(self.delay)
        finally:
            self.answering -= 1
        if self.refusals > 0:
            self.refusals -= 1
            return "500 Internal Server Error", '{"message": "try again"}'
        if path == "/containers/json":
            return "200 OK", json.dumps(self._listed(json.loads(query["filters"][0])))
        found = self.containers.get(unquote(path.split("/")[2]))
        if found and path.endswith("/top"):
            self.looked_at_processes += 1
            if not self.main_state:
                return "500 Internal Server Error", '{"message": "ps: executable file not found in $PATH"}'
            return "200 OK", json.dumps({"Processes": [[str(found["State"]["Pid"]), self.main_state, "-"]]})
        return ("200 OK", json.dumps(found)) if found else ("404 Not Found", "{}")

    def _listed(self, filters: dict[str, list[str]]) -> list[dict[str, Any]]:
        """Filters by health and service only: whose a container is, the healer has to see for itself."""
        wanted = [label for label in filters.get("label", []) if "compose.service=" in label]
        healths = filters.get("health")
        return [
            {"Id": name, "Labels": one["Config"]["Labels"]}
            for name, one in self.containers.items()
            if not healths or one["State"]["Health"]["Status"] in healths
            if all(one["Config"]["Labels"].get(label.partition("=")[0]) == label.partition("=")[2] for label in wanted)
        ]

    async def _restart(self, name: str) -> tuple[str, str]:
        one = self.containers[name]
        self.restarting += 1
        self.restarts_at_once = max(self.restarts_at_once, self.restarting)
        self.tell("kill", one, signal="15")
        await asyncio.sleep(self.restart_seconds)
        self.restarting -= 1
        one["State"] |= {"Status": "exited", "FinishedAt": datetime.now(UTC).isoformat()}
        status, body = self._up_again(one)
        if not body:
            self.restarted.append(one["Config"]["Labels"]["com.docker.compose.service"])
        return status, body

    def _start(self, name: str) -> tuple[str, str]:
        one = self.containers[name]
        status, body = self._up_again(one)
        if self.started_already:
            status = "304 Not Modified"
        if not body:
            self.started.append(one["Config"]["Labels"]["com.docker.compose.service"])
        return status, body

    def _up_again(self, one: dict[str, Any]) -> tuple[str, str]:
        if self.starts_refused > 0:
            self.starts_refused -= 1
            return "404 Not Found", '{"message": "network backend not found"}'
        self.ups += 1
        one["State"] |= {"Status": "running", "StartedAt": f"2026-01-02T00:00:00.{self.ups:06d}Z"}
        one["State"]["Health"]["Status"] = "starting"
        self.tell("start", one)
        asyncio.get_running_loop().call_later(0.02, self.fall_sick if self.deaf else self.get_well, one)
        return "204 No Content", ""


def written(folder: Path) -> str:
    """What the healer publishes, without its comments."""
    return "".join(line for line in (folder / "healer.prom").read_text().splitlines(True) if not line.startswith("#"))
