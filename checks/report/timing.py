"""Where the time of a run went: what each test took, and what each worker did when."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from checks.core.results import JudgedCheck, JudgedMutation, JudgedRequirement, Result
from checks.report.durations import Chart, Took, chart

Judged = JudgedCheck | JudgedMutation


@dataclass(frozen=True, kw_only=True)
class Timed:
    """A check or mutation, and where its seconds went."""

    requirement: str
    name: str
    setup: float
    working: float
    waiting: float

    @property
    def seconds(self) -> float:
        """All of it, set-up included."""
        return self.setup + self.working + self.waiting


@dataclass(frozen=True, kw_only=True)
class Block:
    """A test on the timeline of its worker, in percent of the run."""

    test: Timed
    start: float
    width: float
    setup: float  # in percent of the block


@dataclass(frozen=True, kw_only=True)
class WorkerTimeline:
    """What one worker did, and when."""

    worker: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True, kw_only=True)
class Spent:
    """The seconds of a run, all tests together; `wall` by the clock, where the run has begun and ended."""

    setup: float
    working: float
    waiting: float
    wall: float | None

    @property
    def at_a_time(self) -> float | None:
        """How many tests ran at a time, on average."""
        return (self.setup + self.working + self.waiting) / self.wall if self.wall else None


def slowest_first(report: Result) -> list[Timed]:
    """All checks and mutations, and where the seconds of each went."""
    found = [_test(requirement.id, one) for requirement in report.requirements for one in judged(requirement)]
    return sorted(found, key=lambda test: -test.seconds)


def split(some: Iterable[Timed]) -> Chart:
    """Lay tests out as bars of set-up, working and waiting."""
    return chart(
        [
            Took(label=test.name, phases={"set-up": test.setup, "working": test.working, "waiting": test.waiting})
            for test in some
        ]
    )


def spent(report: Result) -> Spent:
    """Add up the run."""
    every = slowest_first(report)
    begun, ended = _begun(report), _moment(report.run.end if report.run else None)
    return Spent(
        setup=sum(test.setup for test in every),
        working=sum(test.working for test in every),
        waiting=sum(test.waiting for test in every),
        wall=(ended - begun) / timedelta(seconds=1) if begun and ended else None,
    )


def worker_timelines(report: Result) -> tuple[WorkerTimeline, ...]:
    """The workers side by side, as far as it was recorded when and where each test ran."""
    begun, wall = _begun(report), spent(report).wall
    if not begun or not wall:
        return ()
    found: dict[str, list[Block]] = {}
    for requirement in report.requirements:
        for one in judged(requirement):
            if started := _moment(one.start):
                block = _block(_test(requirement.id, one), (started - begun) / timedelta(seconds=1), wall)
                found.setdefault(one.worker or "one process", []).append(block)
    return tuple(WorkerTimeline(worker=worker, blocks=tuple(found[worker])) for worker in sorted(found, key=_by_number))


def _block(test: Timed, start: float, wall: float) -> Block:
    return Block(
        test=test,
        start=100 * start / wall,
        width=100 * test.seconds / wall,
        setup=100 * test.setup / (test.seconds or 1.0),
    )


def _test(requirement: str, one: Judged) -> Timed:
    waiting = min(one.waiting_seconds, one.seconds)
    return Timed(
        requirement=requirement,
        name=one.name,
        setup=one.setup_seconds,
        working=one.seconds - waiting,
        waiting=waiting,
    )


def judged(requirement: JudgedRequirement) -> tuple[Judged, ...]:
    """Its checks and its mutations."""
    return (*requirement.checks, *requirement.mutations)


def _by_number(worker: str) -> tuple[int, str]:
    return len(worker), worker  # gw2 before gw10


def _begun(report: Result) -> datetime | None:
    return _moment(report.run.start if report.run else None)


def _moment(text: str | None) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text or "")
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
