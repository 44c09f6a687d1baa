"""Follows what the engine reports of one Compose project."""

import asyncio
import json
import time
from dataclasses import replace
from typing import Any

from stack.healer import event_log
from stack.healer.container import NANOSECOND
from stack.healer.docker_api import Engine, EngineError, Labels
from stack.healer.identity import DIRECTORY, PROJECT, SERVICE
from stack.healer.supervisor import Supervisor

EVENTS = ["health_status", "start", "die", "destroy", "pause", "unpause", "kill"]
ENDING_SIGNALS = ("2", "3", "9", "15")  # others ask a process to reload, and the like
ONEOFF = "com.docker.compose.oneoff"
ROUND_SECONDS = 15  # a look round even if nothing is reported: a silent stream may be a dead one
RETRY_SECONDS = 0.5


class Watch:
    """The event stream, and what to do when it is lost."""

    def __init__(self, engine: Engine, supervisor: Supervisor) -> None:
        self.engine = engine
        self.supervisor = supervisor
        self.label = f"{PROJECT}={supervisor.project.name}"
        self.outage = ""
        self.turned_at = time.monotonic()

    def turning(self) -> bool:
        """Tell whether the watch still goes round, be it in vain."""
        return time.monotonic() - self.turned_at < ROUND_SECONDS + 4 * self.engine.seconds

    async def follow(self) -> None:
        """Follow the events for ever; after each loss, begin again with a look at everybody."""
        while True:
            try:
                await self._listen()
            except EngineError as error:
                self._lost(str(error))
            self.turned_at = time.monotonic()
            await asyncio.sleep(RETRY_SECONDS)

    async def _listen(self) -> None:
        filters = {"type": ["container"], "label": [self.label], "event": EVENTS}
        async with self.engine.events(**filters) as stream:  # first the stream, then the look: no gap between
            await self._look_round()
            self._found()
            while True:
                await self._take_in(stream)
                await self._look_round()

    async def _take_in(self, stream: asyncio.StreamReader) -> None:
        """Read events until it is time to look round."""
        ends = asyncio.get_running_loop().time() + ROUND_SECONDS
        while line := await _line_before(ends, stream):
            try:
                self._notice(json.loads(line))
            except (KeyError, TypeError, AttributeError) as error:
                raise EngineError(f"an event that is not understood: {error!r}") from error

    async def _look_round(self) -> None:
        present = self._tended(await self.engine.containers(stopped=True, label=[self.label]))
        unhealthy = self._tended(await self.engine.containers(label=[self.label], health=["unhealthy"]))
        self.supervisor.reconcile(set(unhealthy), {*present, *unhealthy})
        self._count(present)
        self.turned_at = time.monotonic()

    def _tended(self, found: dict[str, Labels]) -> dict[str, Labels]:
        return {name: labels for name, labels in found.items() if self.supervisor.tends(name, labels.get(SERVICE, ""))}

    def _count(self, present: dict[str, Labels]) -> None:
        ours = [labels for labels in present.values() if labels.get(DIRECTORY, "") == self.supervisor.project.directory]
        own = [labels for labels in ours if labels.get(ONEOFF, "").lower() != "true"]
        store = self.supervisor.store
        totals = store.totals.with_services({labels[SERVICE] for labels in own if labels.get(SERVICE)})
        store.count(replace(totals, last_look_at=time.time()))

    def _notice(self, event: dict[str, Any]) -> None:
        container: str = event["Actor"]["ID"]
        told = event["Actor"]["Attributes"]
        self.supervisor.store.totals = replace(
            self.supervisor.store.totals, last_event_at=event["timeNano"] * NANOSECOND
        )
        self.supervisor.heard_of(container, told.get(SERVICE, ""))
        if not self.supervisor.tends(container, told.get(SERVICE, "")):
            return
        match event["Action"]:
            case "health_status: unhealthy":
                self.supervisor.attend(container)
            case "health_status: healthy":
                self.supervisor.recovered(container)
            case "unpause":
                self.supervisor.resumed(container)
            case "kill" if told.get("signal") in ENDING_SIGNALS:
                self.supervisor.asked_to_end(container, event["timeNano"] * NANOSECOND)
            case "destroy":
                self.supervisor.forget(container)

    def _lost(self, reason: str) -> None:
        if not self.outage:  # told once, however long it lasts
            event_log.write("failed", reason=reason)
            self.outage = reason

    def _found(self) -> None:
        event_log.write(
            "watching", project=self.supervisor.project.name, reason=self.outage and f"back after: {self.outage}"
        )
        self.outage = ""


async def _line_before(ends: float, stream: asyncio.StreamReader) -> bytes:
    """Read one line, or nothing when its time is over."""
    try:
        async with asyncio.timeout_at(ends):
            line = await stream.readline()
    except TimeoutError:
        return b""
    if not line:
        raise EngineError("the event stream ended")
    return line
