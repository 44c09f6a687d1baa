"""`python -m checks.campaigns.fault_matrix`: every fault on every service, and how long each took to be well again.

One fresh stack goes through it all, so many times over; a cell that ends in trouble is told and gets another stack. A
service that was restarted rests before it is made sick again: healers hold back where restarts come one upon another.
Exit codes: 0 every cell kept its rules; 1 one did not; 2 a cell could not be evaluated; 3 unusable arguments;
130 interrupted.
"""

from __future__ import annotations

import json
import platform
import signal
import statistics
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import zip_longest
from pathlib import Path

import redis
import requests

from checks import test_r9_healing, test_r9_left_alone
from checks.core.verdict import as_data, judge
from checks.report.__main__ import UNUSABLE, Parser, UnusableError
from checks.subject import profile
from checks.subject.profile import Subject
from checks.test_r9_healing import Comeback, Exit, Healing, Sickness
from checks.test_r9_left_alone import LeftAlone, LeftTo
from stack import SHIPPED
from stack.driver import engine, project, session, wait
from stack.driver.errors import EngineError, NothingThereError, StackError, SubjectError
from stack.driver.progress import Board
from stack.driver.project import Stack
from stack.driver.session import Run

TIMES = 5
AIM = 2.0  # seconds beyond what is declared for finding a fault out, in which all of it should be over
REST = 12.0  # seconds that a service is to have run before it is made sick
TOLD_EVERY = 8  # cells, where no terminal shows each
INTERRUPTED = 130
Fault = Sickness | Exit | LeftTo
Seen = Healing | Comeback | LeftAlone
FAULTS: tuple[Fault, ...] = (*test_r9_healing.SICKNESSES, *test_r9_healing.EXITS, *test_r9_left_alone.LEFT)
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
    **{fault: partial(test_r9_healing.hurt, fault=fault) for fault in test_r9_healing.SICKNESSES},
    **{fault: partial(test_r9_healing.end, fault=fault) for fault in test_r9_healing.EXITS},
    **{fault: partial(test_r9_left_alone.leave, fault=fault) for fault in test_r9_left_alone.LEFT},
}


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What the command line asks for; all faults and all services where none are named."""

    stack: Path
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
    started = stack.state(service).started_at
    if fault in test_r9_healing.SICKNESSES and started is not None:
        wait.pause(max(seconds - (datetime.now(UTC) - started) / timedelta(seconds=1), 0.0))


def main(arguments: list[str] | None = None) -> int:
    """Print the table, and give the exit code."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        asked = asked_for(arguments)
        tested = profile.read(asked.stack)
    except UnusableError as error:
        sys.stderr.write(f"error: {error}\nhint: `nox -s healing -- --times 1 --faults frozen,hang`\n")
        return UNUSABLE
    except SubjectError as error:
        sys.stderr.write(f"{error}\n")
        return error.exit_code
    cells: list[Cell] = []
    ground: list[Ground] = []
    trouble = tried(lambda: _fill_in(asked, tested, ground, cells))
    if cells:
        sys.stdout.write(table(ground[0], cells) + "\n")
    if cells and asked.json:
        asked.json.write_text(as_json(ground[0], cells))
    if trouble:
        sys.stderr.write(f"{trouble}\n")
        return INTERRUPTED if trouble == "interrupted" else 2
    return exit_code(cells)


def asked_for(arguments: list[str] | None) -> Asked:
    """Read the command line; raises UnusableError."""
    parser = Parser(prog="python -m checks.campaigns.fault_matrix", description=__doc__)
    parser.add_argument("--stack", type=Path, metavar="DIR", default=SHIPPED, help="the Compose project to hurt")
    parser.add_argument("--times", type=int, metavar="N", default=TIMES, help=f"of each cell (default: {TIMES})")
    parser.add_argument("--faults", metavar="A,B", default="", help=f"of {', '.join(FAULTS)}")
    parser.add_argument("--services", metavar="X,Y", default="", help="as the Compose file names them")
    told = f"seconds that it is to have run before it is made sick (default: {REST:.0f})"
    parser.add_argument("--rest", type=float, metavar="S", default=REST, help=told)
    parser.add_argument("--json", type=Path, metavar="FILE", help="write everything that was seen there as well")
    given = parser.parse_args(arguments)
    if given.times < 1:
        raise UnusableError("each cell is to be seen once at least")
    named = _words(given.faults)
    if unknown := [name for name in named if name not in FAULTS]:
        raise UnusableError(f"no fault is called {', '.join(unknown)}; there are {', '.join(FAULTS)}")
    return Asked(
        stack=given.stack,
        times=given.times,
        faults=tuple(fault for fault in FAULTS if fault in named or not named),
        services=_words(given.services),
        rest=given.rest,
        json=given.json,
    )


def _words(text: str) -> tuple[str, ...]:
    return tuple(word.strip() for word in text.split(",") if word.strip())


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


def _fill_in(asked: Asked, tested: Subject, ground: list[Ground], cells: list[Cell]) -> None:
    for cell in measured(asked, tested, ground):
        cells.append(cell)  # noqa: PERF402 - what was seen until an interrupt is kept


def measured(asked: Asked, tested: Subject, ground: list[Ground]) -> Iterator[Cell]:
    """Every fault on every service, round by round, so that whatever else the machine does meets all of them."""
    versions = engine.require()
    with Board() as board, session.begun() as run, engine.watched() as still_there:
        stacks = _Stacks(tested, board, run)
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
            for cell in _cells(asked, services, stacks, board):
                if cell.trouble and not still_there():
                    raise EngineError("the Docker engine went away, so what was seen then decides nothing")
                yield cell


def _cells(asked: Asked, services: Sequence[str], stacks: _Stacks, board: Board) -> Iterator[Cell]:
    faults = in_turns(asked.faults)
    order = [(number, fault, name) for number in range(asked.times) for fault in faults for name in services]
    began = time.monotonic()
    for done, (number, fault, name) in enumerate(order):
        to_go = f", {(time.monotonic() - began) / done * (len(order) - done):.0f} s to go" if done else ""
        if board.console.is_terminal or done % TOLD_EVERY == 0:
            board.show("healing", f"{done + 1} of {len(order)}: {name}, {WORDS[fault]}{to_go}")
        cell = _cell(stacks.current, number + 1, fault, name, asked.rest)
        if cell.trouble or cell.broken:
            board.say(f"{name}, {WORDS[fault]}: {cell.trouble or ', '.join(cell.broken)}")
        if cell.trouble:
            stacks.renew()
        yield cell


def in_turns(faults: Sequence[Fault]) -> list[Fault]:
    """Those that make sick in turns with those that nobody is restarted for, so that services rest meanwhile."""
    sick = [fault for fault in faults if fault in test_r9_healing.SICKNESSES]
    quiet = [fault for fault in faults if fault in test_r9_left_alone.LEFT]
    turns = [fault for both in zip_longest(sick, quiet) for fault in both if fault]
    return turns + [fault for fault in faults if fault in test_r9_healing.EXITS]


def _cell(stack: Stack, number: int, fault: Fault, service: str, seconds: float) -> Cell:
    try:
        rest(stack, fault, service, seconds)
        return Cell(round=number, fault=fault, service=service, seen=go_through(stack, fault, service))
    except NothingThereError as nothing:
        return Cell(round=number, fault=fault, service=service, nothing_there=nothing.sentence)
    except StackError as problem:
        return Cell(round=number, fault=fault, service=service, trouble=problem.sentence)


def _chosen(stack: Stack, named: Sequence[str]) -> tuple[str, ...]:
    if unknown := [name for name in named if name not in stack.services]:
        raise SubjectError(f"no service is called {', '.join(unknown)}; there are {', '.join(stack.services)}")
    return tuple(name for name in stack.services if name in named or not named)


class _Stacks:
    """A fresh stack, and another in its place when asked for."""

    def __init__(self, tested: Subject, board: Board, run: Run) -> None:
        self._tested, self._board, self._run, self._held = tested, board, run, ExitStack()
        self._found: list[Stack] = []

    @property
    def current(self) -> Stack:
        if not self._found:
            self._found.append(self._held.enter_context(project.fresh(self._tested, self._board, self._run)))
        return self._found[0]

    def renew(self) -> None:
        self._found.clear()
        self._held.close()

    def __enter__(self) -> _Stacks:
        return self

    def __exit__(self, *_: object) -> None:
        self._held.close()


def exit_code(cells: Sequence[Cell]) -> int:
    """1 where a rule was broken, else 2 where a cell could not be evaluated, else 0."""
    if any(cell.broken for cell in cells):
        return 1
    return 2 if any(cell.trouble for cell in cells) else 0


def table(ground: Ground, cells: Sequence[Cell]) -> str:
    """Markdown: a row per fault, a column per service, seconds from the fault to healthy again; and what to know."""
    faults = [fault for fault in FAULTS if any(cell.fault == fault for cell in cells)]
    lines = ["| healed in s | " + " | ".join(ground.services) + " |", "|---|" + "---|" * len(ground.services)]
    for fault in faults:
        row = [
            in_short([one for one in cells if (one.fault, one.service) == (fault, name)]) for name in ground.services
        ]
        lines.append(f"| {WORDS[fault]} | " + " | ".join(row) + " |")
    return "\n".join([*lines, "", *notes(ground, cells)])


def in_short(cells: Sequence[Cell]) -> str:
    """One cell of the table: a median, with its phases, or what else there is to say."""
    if not cells:
        return ""
    if any(cell.broken for cell in cells):
        return f"**{', '.join(sorted({rule for cell in cells for rule in cell.broken}))}**"
    if any(cell.trouble for cell in cells):
        return "undecided"
    if cells[0].nothing_there:
        return "-"
    if any(isinstance(cell.seen, LeftAlone) for cell in cells):
        return "left alone"
    healed = [cell for cell in cells if cell.seconds is not None]
    if not healed:
        return "not noticed"
    unnoticed = len(cells) - len(healed)
    sometimes = f", not noticed {unnoticed} of {len(cells)} times" if unnoticed else ""
    return f"{statistics.median(cell.seconds or 0.0 for cell in healed):.1f} ({_split(healed)}){sometimes}"


def _split(healed: Sequence[Cell]) -> str:
    """'4.1 + 1.2 + 0.5': the median of each phase."""
    phases = [cell.seen.phases for cell in healed if isinstance(cell.seen, Healing | Comeback)]
    return " + ".join(f"{statistics.median(one[name] for one in phases):.1f}" for name in phases[0])


def notes(ground: Ground, cells: Sequence[Cell]) -> list[str]:
    """What the figures are, the worst of them against its bound, and what was not noticed or cannot be."""
    split = "all (detect + restart + recover; of what ends by itself: restart + recover)"
    found = [
        f"Median of {how_often(cells)}: {split}; made sick after a run of {ground.rest:.0f} s at least.",
        f"Docker Engine {ground.engine}, kernel {ground.kernel}.",
    ]
    bounded = [cell for cell in cells if cell.seconds is not None and cell.bound_s]
    if bounded:
        worst = max(bounded, key=lambda cell: (cell.seconds or 0.0) - (cell.bound_s or 0.0))
        found.append(
            f"Nearest to its bound, or furthest beyond: {worst.service}, {WORDS[worst.fault]}: {worst.seconds:.1f} s "
            f"of the {worst.bound_s:.1f} s that its settings declare, its own start not counted."
        )
    found += _against_the_aim(cells)
    unnoticed = {(cell.fault, cell.service) for cell in cells if isinstance(cell.seen, Healing) and cell.seen.unnoticed}
    found += [f"Not noticed: {name}, {WORDS[fault]}: its health check passes." for fault, name in sorted(unnoticed)]
    nothing = {(cell.fault, cell.service): cell.nothing_there for cell in cells if cell.nothing_there}
    found += [f"-: {name}, {WORDS[fault]}: {why.rpartition(': ')[2]}." for (fault, name), why in nothing.items()]
    troubled = {(cell.fault, cell.service): cell.trouble for cell in cells if cell.trouble}
    found += [f"Undecided: {name}, {WORDS[fault]}: {why}" for (fault, name), why in troubled.items()]
    return found


def _against_the_aim(cells: Sequence[Cell]) -> Iterator[str]:
    """How many medians keep to what is declared for finding the fault out and two seconds, and which do not."""
    seen: dict[tuple[str, Fault], list[Cell]] = {}
    for cell in cells:
        if isinstance(cell.seen, Healing) and cell.seconds is not None:
            seen.setdefault((cell.service, cell.fault), []).append(cell)
    medians = {of: statistics.median(cell.seconds or 0.0 for cell in group) for of, group in seen.items()}
    declared = {
        of: max(one.seen.bound_s for one in group if isinstance(one.seen, Healing)) for of, group in seen.items()
    }
    beyond = {of: seconds for of, seconds in medians.items() if seconds > declared[of] + AIM}
    if medians:
        yield (
            f"Within what the health check's settings declare for finding it out, and {AIM:.0f} s: "
            f"{len(medians) - len(beyond)} of {len(medians)} medians."
        )
    for (service, fault), seconds in beyond.items():
        bound = f"{declared[service, fault]:.1f} + {AIM:.0f} s"
        yield f"Beyond that: {service}, {WORDS[fault]}: {seconds:.1f} s of {bound}."


def how_often(cells: Sequence[Cell]) -> str:
    """How often each was seen: '5', or '1 to 2' where it ended before its time."""
    counts = Counter((cell.fault, cell.service) for cell in cells).values() or [0]
    return str(max(counts)) if min(counts) == max(counts) else f"{min(counts)} to {max(counts)}"


def as_json(ground: Ground, cells: Sequence[Cell]) -> str:
    """Everything, a cell an entry."""
    told = [as_data(cell) | {"seconds": cell.seconds, "broken": list(cell.broken)} for cell in cells]
    return json.dumps(as_data(ground) | {"cells": told}, indent=2) + "\n"


if __name__ == "__main__":
    sys.exit(main())
