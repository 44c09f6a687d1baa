"""What the healers did, for a person: read from their logs, which live as long as their containers."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import chain
from typing import Any

from stack.driver import docker
from stack.driver.errors import StackError

HEALERS = ("healer", "watchdog")  # the second tends the first
BEGINS = {"restarting", "gave-way"}
HOLDS_BACK = {"waiting", "failed"}
FAULT_LIMIT = 100
Line = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Healed:
    """What came of one service: its restarts, and why it is not restarted at the moment, if it is to be."""

    service: str
    restarts: int = 0
    last_at: datetime | None = None
    reason: str = ""
    fault: str = ""
    healthy_after: float | None = None  # seconds from Docker's verdict, or from the restart, to healthy again
    held_back: Mapping[str, tuple[datetime, str]] = field(default_factory=dict)  # by container: since when, and why
    begun: frozenset[str] = frozenset()  # containers whose restart is under way

    def with_line(self, at: datetime, line: Line) -> Healed:
        """The same with one more line of the log."""
        action, container = line["action"], str(line.get("container", ""))
        held_back = {name: why for name, why in self.held_back.items() if name != container}
        if action in HOLDS_BACK:
            return replace(self, held_back=held_back | {container: (at, str(line.get("reason", "")))})
        known = replace(self, held_back=held_back)
        if action in BEGINS or (action == "restarted" and container not in self.begun):
            return replace(
                known,
                restarts=self.restarts + 1,
                last_at=at,
                reason=str(line.get("reason", "")),
                fault=str(line.get("fault", "")),
                healthy_after=None,
                begun=self.begun | ({container} if action in BEGINS else set()),
            )
        if action == "healthy":
            return replace(known, healthy_after=_seconds(line, at), begun=self.begun - {container})
        return known


def told_of(project: str, now: datetime) -> list[str]:
    """What the healers of a project have done, in lines to print; none where there is no healer."""
    logs, problems = [], []
    for healer in HEALERS:
        service = f"label=com.docker.compose.service={healer}"
        found = docker.ask("ps", "--all", "--quiet", *docker.of_project(project), "--filter", service).split()
        try:
            logs += [docker.ask("logs", container) for container in found]
        except StackError as problem:  # a log driver that cannot be read, or a healer that has just gone
            problems.append(f"what the {healer} did cannot be read: {problem.sentence}")
    return [*(summary(logs, now) if logs else []), *problems]


def summary(logs: Sequence[str], now: datetime) -> list[str]:
    """What the healers logged, each a log of its own and of services of its own, in lines to print."""
    read = list(filter(None, ([one for text in log.splitlines() for one in _read(text)] for log in logs)))
    if not read:
        return ["the healer has said nothing yet"]
    told = [line for one in healed(chain.from_iterable(read)) for line in _of_service(one, now)]
    since = f"{max(lines[0][0] for lines in read):%Y-%m-%d %H:%M} UTC"  # from when on all of them are known
    return [f"restarted by the healer since {since}:", *told] if told else [f"nothing to heal since {since}"]


def healed(lines: Iterable[tuple[datetime, Line]]) -> list[Healed]:
    """What came of each service that the healer spoke of, by name."""
    known: dict[str, Healed] = {}
    for at, line in lines:
        if service := line.get("service"):
            known[service] = known.get(service, Healed(service=str(service))).with_line(at, line)
    return [known[service] for service in sorted(known)]


def _of_service(one: Healed, now: datetime) -> Iterable[str]:
    name = f"  {_printable(one.service):<14}"
    if one.last_at:
        times = "once" if one.restarts == 1 else f"{one.restarts} times, last"
        after = "" if one.healthy_after is None else f"; healthy again after {one.healthy_after:.1f} s"
        why = _printable(f"{one.reason} ({one.fault[:FAULT_LIMIT]})" if one.fault else one.reason)
        yield f"{name} {times} at {one.last_at:%H:%M:%S}, {_ago(one.last_at, now)}: {why}{after}"
    for since, why in one.held_back.values():
        yield f"{name} held back since {since:%H:%M:%S}, {_ago(since, now)}: {_printable(why)}"


def _ago(at: datetime, now: datetime) -> str:
    seconds = max(int((now - at).total_seconds()), 0)
    for unit, size in (("d", 86400), ("h", 3600), ("min", 60)):
        if seconds >= 2 * size:
            return f"{seconds // size} {unit} ago"
    return f"{seconds} s ago"


def _seconds(line: Line, healthy_at: datetime) -> float | None:
    began = line.get("detected_at") or line.get("restarted_at")
    return (healthy_at - datetime.fromisoformat(began)).total_seconds() if began else None


def _read(text: str) -> Iterable[tuple[datetime, Line]]:
    """(when, line), or nothing where a line is none of the healer's: rotated in the middle, or a traceback."""
    try:
        line = json.loads(text)
        if isinstance(line["action"], str):
            yield datetime.fromisoformat(line["time"]), line
    except (ValueError, TypeError, KeyError):
        return


def _printable(text: str) -> str:
    """What a probe said may hold anything, a terminal's control codes included."""
    return "".join(letter if letter.isprintable() else "?" for letter in text)
