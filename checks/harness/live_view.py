"""What is shown of a run while it goes on: pure, from what has begun and ended so far."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from checks.core.run import Ending, Outcome, Planned
from checks.core.verdict import Violation
from checks.report import words

WIDE = 120  # columns from which there is room for titles
TITLE = 44
SECONDS_IN_A_MINUTE = 60
HELD = (Ending.PASSED, Ending.NOT_APPLICABLE)


class State(StrEnum):
    """Of a requirement, so far; the values are what is shown."""

    WAITING = "to come"
    RUNNING = "running"
    HELD = "held"
    VIOLATED = "violated"
    UNDECIDED = "undecided"


STYLES = {
    State.WAITING: "dim", State.RUNNING: "", State.HELD: "green", State.VIOLATED: "bold red", State.UNDECIDED: "yellow"
}  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Running:
    """A check at work: since when (seconds of the monotonic clock), and what it waits for, where it does."""

    planned: Planned
    since: float
    waits_for: str = ""


@dataclass(frozen=True, kw_only=True)
class View:
    """What is known of a run: its plan, what runs and what ended, in order."""

    titles: Mapping[str, str]
    planned: tuple[Planned, ...]
    began: float
    running: tuple[Running, ...] = ()
    ended: tuple[Outcome, ...] = field(default=())


@dataclass(frozen=True, kw_only=True)
class Row:
    """A line of it, and the style that its state has."""

    text: str
    style: str = ""


def rows(view: View, now: float, width: int) -> list[Row]:
    """A line for the run and one for each requirement, always as many, none wider than the terminal."""
    told = [Row(text=_head(view, now), style="bold")]
    told += [_row(view, requirement, now, width) for requirement in dict.fromkeys(_ids(view))]
    return [Row(text=_cut(row.text, width), style=row.style) for row in told]


def state(view: View, requirement: str) -> State:
    """The worst that ended decides; held is what has ended whole."""
    ended = Counter(one.outcome for one in view.ended if one.requirement == requirement)
    if ended[Ending.VIOLATED]:
        return State.VIOLATED
    if any(how not in HELD for how in ended):
        return State.UNDECIDED
    if ended.total() == sum(one.requirement == requirement for one in view.planned):
        return State.HELD
    return State.RUNNING if ended or _at_work(view, requirement) else State.WAITING


def plain(outcome: Outcome) -> str:
    """How a check ended, in one line, for where no terminal is."""
    seconds = outcome.setup_seconds + outcome.seconds
    said = f"{outcome.outcome.value:<15}{outcome.requirement:<4}{words.title(outcome.name)} ({took(seconds)})"
    reason = outcome.reason if outcome.outcome not in (*HELD, Ending.VIOLATED) else None
    return words.printable(f"{said}: {reason}" if reason else said)


def objections(outcome: Outcome, violations: tuple[Violation, ...]) -> Iterator[str]:
    """A violation when it happens: the check, and each rule with what was seen and wanted."""
    yield words.printable(f"violated       {outcome.requirement:<4}{words.title(outcome.name)}")
    if not violations:
        yield words.printable(f"{'':<15}{outcome.reason}")
    for violation in violations:
        yield words.printable(f"{'':<15}{words.objection(violation)}{words.stands_at(violation)}")


def took(seconds: float) -> str:
    """`4.2 s`, `31 s`, `2 min 05 s`: no more digits than tell something."""
    if seconds < SECONDS_IN_A_MINUTE:
        return f"{seconds:.1f} s" if seconds < 10 else f"{seconds:.0f} s"
    minutes, rest = divmod(round(seconds), SECONDS_IN_A_MINUTE)
    return f"{minutes} min {rest:02} s"


def _head(view: View, now: float) -> str:
    done, whole = len(view.ended), len(view.planned)
    return f"{done} of {whole} done, {len(view.running)} at work, {took(now - view.began)}"


def _row(view: View, requirement: str, now: float, width: int) -> Row:
    so_far = state(view, requirement)
    held = sum(one.requirement == requirement and one.outcome in HELD for one in view.ended)
    whole = sum(one.requirement == requirement for one in view.planned)
    title = f"{_cut(view.titles.get(requirement, ''), TITLE):<{TITLE}}  " if width >= WIDE else ""
    text = f"{requirement:<4}{title}{so_far.value:<11}{f'{held}/{whole}':<7}{_doing(view, requirement, now)}"
    return Row(text=text.rstrip(), style=STYLES[so_far])


def _doing(view: View, requirement: str, now: float) -> str:
    """Of several checks the one that is at it longest."""
    running = sorted(_at_work(view, requirement), key=lambda one: one.since)
    if not running:
        return ""
    first, others = running[0], f" (and {len(running) - 1} more)" if running[1:] else ""
    waits = f", {first.waits_for}" if first.waits_for else ""
    return words.printable(f"{took(now - first.since)}  {words.title(first.planned.name)}{waits}{others}")


def _at_work(view: View, requirement: str) -> list[Running]:
    return [one for one in view.running if one.planned.requirement == requirement]


def _ids(view: View) -> Iterator[str]:
    """In the order of the requirements, whatever that of the plan."""
    planned = {one.requirement for one in view.planned}
    yield from (known for known in view.titles if known in planned)


def _cut(text: str, width: int) -> str:
    return text if len(text) <= width else text[: width - 1] + "…"
