"""How busy the machine was over a run: of each test when it ran, and in which share of that some task had to wait."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from checks.core.pressure import Pressure
from checks.core.results import Result
from checks.report import timing

RESOURCES = ("CPU", "memory", "IO")


@dataclass(frozen=True, kw_only=True)
class Pressed:
    """A test on the line of the run, in percent of it, and the share of its time in which some task waited."""

    name: str
    start: float
    width: float
    share: float


@dataclass(frozen=True, kw_only=True)
class Lane:
    """What was waited for, and how much while each test ran."""

    resource: str
    blocks: tuple[Pressed, ...]

    @property
    def most(self) -> int:
        """In percent, the most that a test had."""
        return round(100 * max(block.share for block in self.blocks))


def lanes(report: Result) -> tuple[Lane, ...]:
    """One for each resource that the kernel told of; none for a run whose times are not known."""
    pressures = {
        one.name: one.pressure for found in report.requirements for one in timing.judged(found) if one.pressure
    }
    blocks = [block for timeline in timing.worker_timelines(report) for block in timeline.blocks]
    found = ((name, tuple(_pressed(name, blocks, pressures))) for name in RESOURCES)
    return tuple(Lane(resource=name, blocks=shown) for name, shown in found if shown)


def _pressed(resource: str, blocks: list[timing.Block], pressures: dict[str, Pressure]) -> Iterator[Pressed]:
    for block in blocks:
        known = pressures.get(block.test.name)
        share = {"CPU": known.cpu, "memory": known.memory, "IO": known.io}[resource] if known else None
        if share is not None:
            yield Pressed(name=block.test.name, start=block.start, width=block.width, share=min(share, 1.0))
