"""Every fault on every service, in turns."""

from __future__ import annotations

import platform
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import zip_longest
from pathlib import Path

import redis
import requests

from checks.core.registry import judge
from checks.requirements.r9_self_healing.judge.healing import Comeback, Exit, Healing, Sickness
from checks.requirements.r9_self_healing.judge.left_alone import LeftAlone, LeftTo
from checks.requirements.r9_self_healing.observe import healing, left_alone
from checks.subject import workspace
from checks.subject.profile import Subject
from checks.subject.stack import Stack
from checks.subject.trust import Trust
from stack.driver import engine, session, wait
from stack.driver.errors import EngineError, NothingThereError, StackError, SubjectError
from stack.driver.progress import Progress
from stack.driver.session import Session

TIMES = 5
AIM = 2.0  # seconds beyond what is declared for finding a fault out, in which all of it should be over
REST = 12.0  # seconds that a service is to have run before it is made sick
TOLD_EVERY = 8  # cells, where no terminal shows each
Fault = Sickness | Exit | LeftTo
Seen = Healing | Comeback | LeftAlone
FAULTS: tuple[Fault, ...] = (*healing.SICKNESSES, *healing.EXITS, *left_alone.LEFT)
WORDS = {
    "frozen": "main process frozen",
    "frozen-whole": "whole tree frozen",
    "hang": "hang (port open, no answer)",
    "no-pids": "pids used up",
    "no-files": "file descriptors used up",
    "cut-off": "cut off from its networks",
    "no-probe": "probe cannot be run",
    "clean-exit": "clean exit",
    "crash": "main process killed",
    "oom-kill": "killed for want of memory",
    "crash-at-start": "crashes at its next 3 starts",
    "stopped": "stopped by hand",
    "paused": "paused by hand",
    "stall-1.5s": "stall of 1.5 s",
    "stall-3s": "stall of 3 s",
    "dependency-frozen": "dependency frozen",
}
CELLS: Mapping[Fault, Callable[[Stack, str], Seen]] = {
    **{fault: partial(healing.sicken, fault=fault) for fault in healing.SICKNESSES},
    **{fault: partial(healing.end, fault=fault) for fault in healing.EXITS},
    **{fault: partial(left_alone.leave, fault=fault) for fault in left_alone.LEFT},
}


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What the command line asks for; all faults and all services where none are named."""

    stack: Path
    trust: Trust
    times: int
    faults: tuple[Fault, ...]
    services: tuple[str, ...]
    rest: float
    json: Path | None


@dataclass(frozen=True, kw_only=True)
class Cell:
    """One fault on one service, once: what was seen, or why there is nothing to see or nothing was seen."""

    round: int
    fault: Fault
    service: str
    seen: Seen | None = None
    nothing_there: str = ""
    trouble: str = ""

    @property
    def broken(self) -> tuple[str, ...]:
        """The rules that it broke."""
        return tuple(violation.rule for violation in judge(self.seen)) if self.seen else ()

    @property
    def seconds(self) -> float | None:
        """From the fault to healthy again, where it came to that."""
        if not isinstance(self.seen, Healing | Comeback) or "recover" not in self.seen.phases:
            return None
        return sum(self.seen.phases.values())

    @property
    def bound_s(self) -> float | None:
        """What the subject's own settings declare for that; they say nothing of how long a service takes to start."""
        match self.seen:
            case Healing(healed_bound_s=bound) | Comeback(bound_s=bound):
                return bound
        return None


@dataclass(frozen=True, kw_only=True)
class Ground:
    """What it was measured on."""

    subject: str
    engine: str
    kernel: str
    services: tuple[str, ...]
    times: int
    rest: float


def go_through(stack: Stack, fault: Fault, service: str) -> Seen:
    """Have one service of a stack suffer one fault, and see what becomes of it and of all others.

    Raises NothingThereError where the service has nothing that could break so, StackError where it cannot be told.
    """
    return CELLS[fault](stack, service)


def rest(stack: Stack, fault: Fault, service: str, seconds: float) -> None:
    """Wait until a service that is to be made sick has run for so long; for other faults it makes no difference."""
    started = stack.runner.state(service).started_at
    if fault in healing.SICKNESSES and started is not None:
        wait.pause(max(seconds - (datetime.now(UTC) - started) / timedelta(seconds=1), 0.0))


def tried(work: Callable[[], None]) -> str:
    """What ended it before its time, in words; '' if nothing did."""
    try:
        work()
    except StackError as problem:
        return str(problem)
    except (redis.RedisError, requests.RequestException) as problem:
        return f"error: the stack did not answer: {type(problem).__name__}: {problem}"
    except KeyboardInterrupt:
        return "interrupted"
    return ""


def measured(asked: Asked, tested: Subject, ground: list[Ground]) -> Iterator[Cell]:
    """Every fault on every service, round by round, so that whatever else the machine does meets all of them."""
    versions = engine.require()
    with Progress() as progress, session.begun() as run, engine.watched() as still_there:
        stacks = _Stacks(tested, progress, run)
        with stacks:
            services = _chosen(stacks.current, asked.services)
            kernel = platform.release()
            ground.append(
                Ground(
                    subject=str(tested.compose_file),
                    engine=versions.engine,
                    kernel=kernel,
                    services=services,
                    times=asked.times,
                    rest=asked.rest,
                )
            )
            for cell in _cells(asked, services, stacks, progress):
                if cell.trouble and not still_there():
                    raise EngineError("the Docker engine went away, so what was seen then decides nothing")
                yield cell


def _cells(asked: Asked, services: Sequence[str], stacks: _Stacks, progress: Progress) -> Iterator[Cell]:
    faults = in_turns(asked.faults)
    order = [(number, fault, name) for number in range(asked.times) for fault in faults for name in services]
    began = time.monotonic()
    for done, (number, fault, name) in enumerate(order):
        to_go = f", {(time.monotonic() - began) / done * (len(order) - done):.0f} s to go" if done else ""
        if progress.console.is_terminal or done % TOLD_EVERY == 0:
            progress.show("healing", f"{done + 1} of {len(order)}: {name}, {WORDS[fault]}{to_go}")
        cell = _cell(stacks.current, number + 1, fault, name, asked.rest)
        if cell.trouble or cell.broken:
            progress.say(f"{name}, {WORDS[fault]}: {cell.trouble or ', '.join(cell.broken)}")
        if cell.trouble:
            stacks.renew()
        yield cell


def in_turns(faults: Sequence[Fault]) -> list[Fault]:
    """Those that make sick in turns with those that nobody is restarted for, so that services rest meanwhile."""
    sick = [fault for fault in faults if fault in healing.SICKNESSES]
    quiet = [fault for fault in faults if fault in left_alone.LEFT]
    turns = [fault for both in zip_longest(sick, quiet) for fault in both if fault]
    return turns + [fault for fault in faults if fault in healing.EXITS]


def _cell(stack: Stack, number: int, fault: Fault, service: str, seconds: float) -> Cell:
    try:
        rest(stack, fault, service, seconds)
        return Cell(round=number, fault=fault, service=service, seen=go_through(stack, fault, service))
    except NothingThereError as nothing:
        return Cell(round=number, fault=fault, service=service, nothing_there=nothing.sentence)
    except StackError as problem:
        return Cell(round=number, fault=fault, service=service, trouble=problem.sentence)


def _chosen(stack: Stack, named: Sequence[str]) -> tuple[str, ...]:
    if unknown := [name for name in named if name not in stack.project.services]:
        raise SubjectError(f"no service is called {', '.join(unknown)}; there are {', '.join(stack.project.services)}")
    return tuple(name for name in stack.project.services if name in named or not named)


class _Stacks:
    """A fresh stack, and another in its place when asked for."""

    def __init__(self, tested: Subject, progress: Progress, run: Session) -> None:
        self._tested, self._board, self._run, self._held = tested, progress, run, ExitStack()
        self._found: list[Stack] = []

    @property
    def current(self) -> Stack:
        if not self._found:
            self._found.append(self._held.enter_context(workspace.fresh(self._tested, self._board, self._run)))
        return self._found[0]

    def renew(self) -> None:
        self._found.clear()
        self._held.close()

    def __enter__(self) -> _Stacks:
        return self

    def __exit__(self, *_: object) -> None:
        self._held.close()
