"""Which waivers of a run count, and what came of each. The day that decides is the one on which the run began."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Literal

from checks.core.results import JudgedCheck, JudgedWaiver
from checks.core.run import Run
from checks.core.verdict import Violation
from checks.core.waiver import Waiver


def counting(run: Run) -> Iterator[Waiver]:
    """The waivers that were not over when the run began."""
    return (waiver for waiver in run.waivers if waiver.counts_on(datetime.fromisoformat(run.start).date()))


def rules(run: Run, violations: Iterable[Violation]) -> tuple[str, ...]:
    """The rules of these violations that are set aside."""
    waived = {waiver.rule for waiver in counting(run)}
    return tuple(dict.fromkeys(violation.rule for violation in violations if violation.rule in waived))


def told(run: Run, waived: Iterable[str]) -> str:
    """Why these rules are set aside, and until when."""
    return "; ".join(str(waiver) for waiver in counting(run) if waiver.rule in waived)


def judged(run: Run, checks: Sequence[JudgedCheck]) -> tuple[JudgedWaiver, ...]:
    """Every waiver of the run: one that is over does not count, and one whose rule was kept is not needed."""
    counts, used = {one.rule for one in counting(run)}, {rule for check in checks for rule in check.waived}
    return tuple(
        JudgedWaiver(rule=one.rule, reason=one.reason, until=one.until, state=_state(one.rule, counts, used))
        for one in run.waivers
    )


def _state(rule: str, counting: set[str], used: set[str]) -> Literal["counts", "expired", "unused"]:
    if rule not in counting:
        return "expired"
    return "counts" if rule in used else "unused"
