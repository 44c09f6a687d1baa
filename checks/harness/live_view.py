"""What is shown of a run while it goes on: pure, from what has begun and ended so far."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from checks.core.run import Ending, Outcome, Planned
from checks.core.verdict import Violation
from checks.report import naming, words

WIDE = 120  # columns from which there is room for titles
TITLE = 44
SECONDS_IN_A_MINUTE = 60
FEW = 5  # checks that have ended; of fewer nothing is concluded about the others
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
    earlier: Mapping[str, float] = field(default_factory=dict)  # {check: seconds it took in the last run there}


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
    said = f"{outcome.outcome.value:<15}{outcome.requirement:<4}{naming.title(outcome.name)} ({took(outcome.took)})"
    reason = outcome.reason if outcome.outcome not in (*HELD, Ending.VIOLATED) else None
    return words.printable(f"{said}: {reason}" if reason else said)


def objections(outcome: Outcome, violations: tuple[Violation, ...]) -> Iterator[str]:
    """A violation when it happens: the check, and each rule with what was seen and wanted."""
    yield words.printable(f"violated       {outcome.requirement:<4}{naming.title(outcome.name)}")
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


def to_go(view: View, now: float) -> float | None:
    """Seconds until all have ended, by what each took in an earlier run, at the pace of this one; None if none knows.

    What no earlier run knows is taken for as long as those that have ended here. The longest ends last, whoever helps.
    """
    spent = {one.name: one.took for one in view.ended}
    known = {name: seconds for name, seconds in view.earlier.items() if name in spent}
    if not view.earlier and len(spent) < FEW:
        return None
    pace = sum(spent[name] for name in known) / sum(known.values()) if any(known.values()) else 1.0
    usual = sum(spent.values()) / len(spent) if spent else sum(view.earlier.values()) / len(view.earlier)
    since = {one.planned.name: now - one.since for one in view.running}
    left = [
        max(view.earlier.get(one.name, usual / pace if pace else usual) * pace - since.get(one.name, 0.0), 0.0)
        for one in view.planned
        if one.name not in spent
    ]
    return max(sum(left) / max(len(view.running), 1), max(left, default=0.0))


def _head(view: View, now: float) -> str:
    done, whole, left = len(view.ended), len(view.planned), to_go(view, now)
    told = f", about {took(left)} to go" if left else ""
    return f"{done} of {whole} done, {len(view.running)} at work, {took(now - view.began)}{told}"


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
    return words.printable(f"{took(now - first.since)}  {naming.title(first.planned.name)}{waits}{others}")


def _at_work(view: View, requirement: str) -> list[Running]:
    return [one for one in view.running if one.planned.requirement == requirement]


def _ids(view: View) -> Iterator[str]:
    """In the order of the requirements, whatever that of the plan."""
    planned = {one.requirement for one in view.planned}
    yield from (known for known in view.titles if known in planned)


def _cut(text: str, width: int) -> str:
    return text if len(text) <= width else text[: width - 1] + "…"
