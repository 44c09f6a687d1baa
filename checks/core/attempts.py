"""The tries at a check or mutation, and which of them counts: the first that was not late on a machine that starved."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from checks.core.codec import UnfitError
from checks.core.pressure import Pressure, in_words, starved
from checks.core.registry import judge, rebuild
from checks.core.requirement import Requirement
from checks.core.run import Attempt, Ending, Kind, Outcome, Planned, Record
from checks.core.tier import Tier
from checks.core.verdict import Verdict, Violation

SEEN_LIMIT = 300  # characters of what was seen, in the reason why something is undecided
RAN = (Ending.PASSED, Ending.VIOLATED)
CAME_TO_NOTHING = (Ending.OUT_OF_TIME, Ending.CRASHED)


@dataclass(frozen=True, kw_only=True)
class Tried:
    """One try: how it ended, what the machine did meanwhile, and what was seen; no ending where the run ended first."""

    outcome: Ending | None
    reason: str | None
    pressure: Pressure | None
    records: tuple[Record, ...]


@dataclass(frozen=True, kw_only=True)
class Finding:
    """What a check or mutation amounts to; no reason means proven, violated, or that the mutation was noticed."""

    verdict: Verdict
    reason: str | None
    violations: tuple[Violation, ...]
    first_try: str | None = None


def tries(planned: Planned, outcome: Outcome | None, records: Iterable[Record]) -> list[Tried]:
    """Every try that was made, in their order."""
    own = [record for record in records if record.name == planned.name]
    if outcome is None:
        return [Tried(outcome=None, reason=None, pressure=None, records=tuple(own))]
    every: tuple[Attempt | Outcome, ...] = (*outcome.earlier, outcome)
    return [
        Tried(
            outcome=one.outcome,
            reason=one.reason,
            pressure=one.pressure,
            records=tuple(record for record in own if record.attempt == number),
        )
        for number, one in enumerate(every, start=1)
    ]


def found_in(requirement: Requirement, planned: Planned, tried: Sequence[Tried]) -> Finding:
    """What the first try that decides says; where each was late on a machine that starved, nothing is decided."""
    late: list[str] = []
    for one in tried:
        finding = _found(planned, one)
        if (excuse := _excuse(requirement, planned, one, finding)) is None:
            return _after(finding, late)
        late.append(excuse)
    again = "; alone, it was no better" if len(late) > 1 else ""
    return _after(Finding(verdict=Verdict.UNDECIDED, reason=late[-1] + again, violations=()), late[:-1])


def excused(requirement: Requirement, planned: Planned, tried: Tried) -> bool:
    """Whether a try decides nothing, since it was late on a machine that starved."""
    return _excuse(requirement, planned, tried, _found(planned, tried)) is not None


def _after(finding: Finding, late: Sequence[str]) -> Finding:
    first = late[0] if late else None
    return Finding(verdict=finding.verdict, reason=finding.reason, violations=finding.violations, first_try=first)


def _excuse(requirement: Requirement, planned: Planned, tried: Tried, finding: Finding) -> str | None:
    """Why this try decides nothing, with figures; None for one that decides. What was proven is proven all the same.

    What files say is never late. A crash decides nothing anyway: where a machine starves, a healthy service may be
    restarted under a check's hands. A mistake of our own crashes the second try as well.
    """
    if planned.tier is Tier.DECLARED or tried.pressure is None or not starved(tried.pressure):
        return None
    if tried.outcome in CAME_TO_NOTHING or (planned.kind is Kind.MUTATION and tried.outcome in RAN):
        told = finding.reason
    elif finding.verdict is Verdict.VIOLATED and all(_is_late(requirement, one) for one in finding.violations):
        told = "late: " + "; ".join(map(_against_its_bound, finding.violations))
    else:
        return None
    return told and f"{told}; {in_words(tried.pressure)}"


def _is_late(requirement: Requirement, violation: Violation) -> bool:
    return violation.late or violation.rule in requirement.timed


def _found(planned: Planned, tried: Tried) -> Finding:
    """What a try says, whatever the machine did."""
    violations, trouble = _rejudged(tried.records)
    if planned.kind is Kind.MUTATION:
        reason = trouble or _unnoticed(planned, tried, violations)
        return Finding(verdict=Verdict.UNDECIDED if reason else Verdict.PROVEN, reason=reason, violations=())
    verdict, reason = (Verdict.UNDECIDED, trouble) if trouble else _verdict(tried, violations)
    return Finding(verdict=verdict, reason=reason, violations=tuple(violations))


def _verdict(tried: Tried, violations: Sequence[Violation]) -> tuple[Verdict, str | None]:
    if tried.outcome is Ending.NOT_APPLICABLE and not violations:
        return Verdict.NOT_APPLICABLE, tried.reason
    if tried.outcome not in RAN:
        return Verdict.UNDECIDED, _interrupted(tried)
    if not tried.records:
        return Verdict.UNDECIDED, f"{tried.outcome} on nothing: no observation was recorded"
    if violations:
        return Verdict.VIOLATED, None
    if tried.outcome is Ending.VIOLATED:
        return Verdict.UNDECIDED, f"failed, but what it saw violates no rule: {tried.reason}"
    return Verdict.PROVEN, None


def _unnoticed(planned: Planned, tried: Tried, violations: Sequence[Violation]) -> str | None:
    if tried.outcome not in RAN:
        return _interrupted(tried)
    if {violation.rule for violation in violations} != {planned.objects}:
        objected = ", ".join(sorted(set(map(_in_words, violations)))) or "nothing"
        return f"`{planned.objects}` should have objected, and alone; what did: {objected}"
    if tried.outcome is Ending.VIOLATED:
        return f"failed, although the right rule objected: {tried.reason}"
    return None


def _in_words(violation: Violation) -> str:
    return f"{violation.rule} (seen {str(violation.seen)[:SEEN_LIMIT]!r})"


def _against_its_bound(violation: Violation) -> str:
    return f"{violation.rule}: seen {str(violation.seen)[:SEEN_LIMIT]}, wanted {str(violation.wanted)[:SEEN_LIMIT]}"


def _interrupted(tried: Tried) -> str:
    if tried.outcome is None:
        return "no outcome: the run ended before it did"
    return f"{tried.outcome}: {tried.reason or 'no reason given'}"


def _rejudged(records: Sequence[Record]) -> tuple[list[Violation], str | None]:
    try:
        return [violation for record in records for violation in judge(rebuild(record.kind, record.data))], None
    except UnfitError as error:
        return [], str(error)
    except Exception as error:  # noqa: BLE001 - a judge that crashes has not judged
        return [], f"the judge crashed: {error!r}"
