"""`nox -s bench -- busy-healing`: healing beside processes that take all the CPU time there is.

First nothing is wrong, for some minutes: every restart of a service is a wrong one, and is counted, with our healer,
with polling every 5 s, and with Swarm (on one node, for Prometheus alone), all three side by side beside the same hogs.
Then our stack stays alone with them, and a service of it is made sick in several ways: each is to be healed all the
same.
Exit codes: 0 none restarted wrongly by our healer and all healed; 1 not so; 130 interrupted.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from checks.campaigns.bench.command import reports_errors
from checks.campaigns.bench.healers import OURS, POLLING, SERVICE, SWARM, swarm
from checks.campaigns.bench.hogs import hogs
from checks.faults import container, process
from checks.requirements.r9_self_healing import mutations
from checks.requirements.r9_self_healing.observe.healing import healed_bound
from checks.subject import profile
from checks.subject.stack import Stack
from checks.subject.workspace import fresh
from stack import SHIPPED
from stack.driver import docker, engine, session, wait
from stack.driver.containers import logs_of
from stack.driver.errors import StackError
from stack.driver.progress import Progress
from stack.driver.session import Session
from stack.healer.settings import Settings

HOGS, MINUTES = 20, 10.0
LOOK_EVERY = 2.0  # seconds: oftener than anybody restarts the same container twice
DECLARED_PATIENCE = Settings().starved_patience_seconds
STARVED_SLACK = (
    60.0  # seconds for the rest of it, all of which is slow there: the verdict, the restart, the first probe
)
WELL_AGAIN = 180.0  # seconds to wait for a service to be healthy before it is made sick
PSI = Path("/proc/pressure/cpu")
HEALERS = ("healer", "watchdog")
Starts = Mapping[str, str]
"""{container of a service: when it started}."""


@dataclass(frozen=True, kw_only=True)
class Keeper:
    """Who keeps services well, and how to see when each of them started."""

    name: str
    starts: Callable[[], Starts]
    place: Callable[[], AbstractContextManager[None]] = nullcontext


@dataclass(frozen=True, kw_only=True)
class Left:
    """What a keeper did to services of which none was sick."""

    keeper: str
    services: int
    minutes: float
    restarts: Mapping[str, int] = field(default_factory=dict)  # by service; every one a wrong one

    @property
    def wrong(self) -> int:
        """How many all in all."""
        return sum(self.restarts.values())


@dataclass(frozen=True, kw_only=True)
class Healed:
    """A service that was made sick beside the hogs: seconds to healthy in a new start; None where that never came."""

    fault: str
    seconds: float | None
    trouble: str = ""  # where it could not be made sick


@dataclass(frozen=True, kw_only=True)
class Busy:
    """All of it, and what it was measured on."""

    at: str
    machine: str
    hogs: int
    stalled: float  # share of the time in which some task had to wait for the CPU
    left: tuple[Left, ...]
    healed: tuple[Healed, ...]
    reasons: tuple[str, ...] = ()  # that our healer gave for each wrong restart

    @property
    def ours_is_right(self) -> bool:
        """Our healer restarted nobody who was well, and healed everybody who was not."""
        wrong = [one for one in self.left if one.keeper == OURS and one.wrong]
        return not wrong and all(one.seconds is not None for one in self.healed)


@reports_errors
def main() -> int:
    """Print the tables; the exit code of the error where nothing could be measured."""
    parser = argparse.ArgumentParser(prog="checks.campaigns.bench.busy_healing", description=__doc__)
    parser.add_argument("--minutes", type=float, default=MINUTES, help="with nothing wrong (default: %(default)g)")
    parser.add_argument("--hogs", type=int, default=HOGS, help="(default: %(default)s)")
    parser.add_argument("--ours-only", action="store_true", help="without polling and Swarm beside it")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write what was measured there as well")
    asked = parser.parse_args()
    seen = measured(asked.hogs, asked.minutes, ours_only=asked.ours_only)
    print(table(seen))
    if asked.json:
        asked.json.write_text(json.dumps(asdict(seen), indent=2) + "\n")
    return 0 if seen.ours_is_right else 1


def measured(count: int, minutes: float, *, ours_only: bool = False) -> Busy:
    """Leave well services alone with the hogs, then make one of ours sick beside them."""
    engine.require()
    longest = minutes * 60 + len(FAULTS) * (WELL_AGAIN + DECLARED_PATIENCE + STARVED_SLACK)
    with Progress() as progress, session.begun() as run, ExitStack() as ours, ExitStack() as others:
        stack = ours.enter_context(fresh(profile.read(SHIPPED), progress, run))
        beside = [] if ours_only else [others.enter_context(one) for one in _others(progress, run)]
        with hogs(count, longest):
            before, began = _stalled(), time.monotonic()
            left = _left_alone([Keeper(name=OURS, starts=lambda: _starts(stack)), *beside], minutes * 60, progress)
            others.close()
            reasons = tuple(_reasons(stack))
            healed = tuple(_healed(stack, fault, progress) for fault in FAULTS)
            stalled = (_stalled() - before) / (time.monotonic() - began)
        return Busy(
            at=_now(), machine=_machine(), hogs=count, stalled=round(stalled, 3), left=left, healed=healed,
            reasons=reasons,
        )  # fmt: skip


def _others(progress: Progress, run: Session) -> Iterator[AbstractContextManager[Keeper]]:
    yield _polling(progress, run)
    yield _swarm(progress, run)


@contextmanager
def _polling(progress: Progress, run: Session) -> Iterator[Keeper]:
    with fresh(profile.read(SHIPPED), progress, run, mutations.polling_healer) as stack:
        yield Keeper(name=POLLING, starts=lambda: _starts(stack))


@contextmanager
def _swarm(progress: Progress, run: Session) -> Iterator[Keeper]:
    with swarm(progress, run) as keeper:
        if not wait.until(lambda: _in_place(keeper.place, keeper.healthy), bool, within=WELL_AGAIN).reached:
            raise StackError("Prometheus is not well to begin with in Swarm")
        yield Keeper(name=SWARM, starts=_tasks, place=keeper.place)


def _in_place(place: Callable[[], AbstractContextManager[None]], ask: Callable[[], object]) -> object:
    with place():
        return ask()


def _reasons(stack: Stack) -> Iterator[str]:
    """What our healers have said of each restart so far, and what the last probe before it had."""
    for healer in HEALERS:
        for line in logs_of(stack.runner.container(healer)).splitlines():
            if (told := json.loads(line))["action"] in {"restarting", "gave-way"}:
                yield f"{told['service']}: {told['reason']}; {told.get('fault', 'its probe said nothing')}"


def _starts(stack: Stack) -> Starts:
    """Of every service of the project, stopped ones included."""
    ids = docker.ask("ps", "--all", "--quiet", *docker.of_project(stack.project.name)).split()
    form = '{{index .Config.Labels "com.docker.compose.service"}} {{.State.StartedAt}}'
    return dict(line.split(" ", 1) for line in docker.ask("inspect", "--format", form, *ids).splitlines())


def _tasks() -> Starts:
    """Swarm replaces a container where others restart it: the newest is the service's present start."""
    filters = ("--filter", f"label=com.docker.swarm.service.name={SERVICE}")
    newest = docker.ask("ps", "--all", "--latest", "--quiet", "--no-trunc", *filters).strip()
    return {SERVICE: newest}


def _left_alone(keepers: Sequence[Keeper], seconds: float, progress: Progress) -> tuple[Left, ...]:
    """Look every now and then who was started anew."""
    known = {keeper.name: dict(_seen(keeper)) for keeper in keepers}
    restarts = {keeper.name: Counter[str]() for keeper in keepers}
    began = time.monotonic()
    while (lasted := time.monotonic() - began) < seconds:
        progress.show("left alone", f"{lasted:.0f} of {seconds:.0f} s: {_told(restarts)}")
        wait.pause(LOOK_EVERY)
        for keeper in keepers:
            now = _seen(keeper)
            restarts[keeper.name].update(name for name, start in now.items() if known[keeper.name].get(name) != start)
            known[keeper.name].update(now)
    return tuple(
        Left(keeper=name, services=len(known[name]), minutes=round(lasted / 60, 1), restarts=dict(restarts[name]))
        for name in known
    )


def _seen(keeper: Keeper) -> Starts:
    with keeper.place():
        return keeper.starts()


def _told(restarts: Mapping[str, Counter[str]]) -> str:
    return ", ".join(f"{name} {counted.total()}" for name, counted in restarts.items())


@contextmanager
def _killed(stack: Stack, service: str) -> Iterator[datetime]:
    yield process.killed(stack, service)


FAULTS: Mapping[str, Callable[[Stack, str], AbstractContextManager[datetime]]] = {
    "main process frozen": process.frozen,
    "whole tree frozen": container.frozen_whole,
    "hang (port open, no answer)": container.hung,
    "main process killed": _killed,
}


def _healed(stack: Stack, fault: str, progress: Progress) -> Healed:
    """Make Prometheus sick, on which nobody depends, and wait until it is healthy in a new start."""
    progress.say(f"beside the hogs: {fault}")
    if not wait.until(lambda: stack.runner.state(SERVICE).well, bool, within=WELL_AGAIN, every=0.5).reached:
        return Healed(fault=fault, seconds=None, trouble="it was not well to begin with")
    before = stack.runner.state(SERVICE).started_at
    try:
        with FAULTS[fault](stack, SERVICE):
            began = time.monotonic()
            within = healed_bound(stack, SERVICE) + DECLARED_PATIENCE + STARVED_SLACK
            anew = wait.until(lambda: _well_anew(stack, before), bool, within=within, every=0.5)
            took = round(time.monotonic() - began, 1)
    except StackError as problem:  # it did not take hold: nothing is known of the healing
        return Healed(fault=fault, seconds=None, trouble=problem.sentence)
    return Healed(fault=fault, seconds=took if anew.reached else None)


def _well_anew(stack: Stack, before: datetime | None) -> bool:
    state = stack.runner.state(SERVICE)
    return state.started_at != before and state.health == "healthy"


def table(seen: Busy) -> str:
    """Markdown."""
    lines = ["| healer | services | minutes | wrong restarts |", "|---|---|---|---|"]
    for one in seen.left:
        which = ", ".join(f"{name} {count}" for name, count in sorted(one.restarts.items()))
        lines.append(f"| {one.keeper} | {one.services} | {one.minutes:g} | {one.wrong}{which and f' ({which})'} |")
    lines += ["", "| made sick beside the hogs | healed by our healer in s |", "|---|---|"]
    lines += [f"| {one.fault} | {one.trouble or one.seconds or 'never'} |" for one in seen.healed]
    lines += ["", *(f"- {reason}" for reason in seen.reasons)] if seen.reasons else []
    lines += ["", f"{seen.hogs} hogs, {seen.machine}, {seen.at}; tasks had to wait {seen.stalled:.0%} of the time."]
    return "\n".join(lines)


def _stalled() -> float:
    """Seconds so far in which some task had to wait for the CPU."""
    return int(PSI.read_text().splitlines()[0].rpartition("total=")[2]) / 1e6


def _machine() -> str:
    return f"{os.cpu_count()} cores, Linux {platform.release()}"


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


if __name__ == "__main__":
    sys.exit(main())
