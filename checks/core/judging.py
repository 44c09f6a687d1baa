"""From what a run stored to what it amounts to: no Docker, no pytest, the same answer every time."""

from collections.abc import Sequence
from pathlib import Path

from checks.core import catalog
from checks.core.catalog import Catalog, CatalogError
from checks.core.codec import DamagedError, UnfitError
from checks.core.registry import judge, rebuild
from checks.core.requirement import Requirement
from checks.core.results import JudgedCheck, JudgedMutation, JudgedRequirement, Result, Timing
from checks.core.run import Ending, Kind, Outcome, Planned, Record, Run
from checks.core.stored import Stored, read
from checks.core.verdict import Verdict, Violation, worst

SEEN_LIMIT = 300  # characters of what else objected to a mutation, in the reason why that was not noticed


def judged_folder(folder: Path, *shelves: Path) -> Result:
    """Judge a folder by our requirements and those of other shelves. One that cannot be read is undecided.

    Raises CatalogError for a shelf that cannot be used.
    """
    known = catalog.read(*shelves)
    try:
        catalog.load_judges(known)
        return judged(read(folder, known), known)
    except (DamagedError, CatalogError) as error:
        return Result(
            catalog=known, verdict=Verdict.UNDECIDED, reasons=(str(error),), run=None, requirements=(), records=()
        )


def judged(stored: Stored, known: Catalog | None = None) -> Result:
    """Judge what a run stored, requirement by requirement: of ours, unless a catalog is given."""
    known = known or catalog.read()
    requirements = tuple(
        judged_requirement(requirement, planned, stored)
        for requirement in known.requirements
        if (planned := [plan for plan in stored.run.planned if plan.requirement == requirement.id])
    )
    reasons = tuple(_doubts(stored.run))
    verdicts = [requirement.verdict for requirement in requirements]
    return Result(
        catalog=known,
        verdict=worst([*verdicts, Verdict.UNDECIDED] if reasons else verdicts),
        reasons=reasons,
        run=stored.run,
        requirements=requirements,
        records=stored.records,
    )


def judged_requirement(requirement: Requirement, planned: Sequence[Planned], stored: Stored) -> JudgedRequirement:
    """Judge one requirement from its checks and mutations."""
    judged_checks = tuple(judged_check(plan, stored) for plan in planned if plan.kind is Kind.CHECK)
    mutations = tuple(judged_mutation(plan, stored) for plan in planned if plan.kind is Kind.MUTATION)
    unnoticed = [Verdict.UNDECIDED for mutation in mutations if not mutation.noticed]
    verdicts = [check.verdict for check in judged_checks]
    return JudgedRequirement(
        id=requirement.id,
        title=requirement.title,
        verdict=worst([*verdicts, *unnoticed] or [Verdict.NOT_APPLICABLE]),
        note=_note(requirement, len(judged_checks), stored.run),
        checks=judged_checks,
        mutations=mutations,
    )


def judged_check(planned: Planned, stored: Stored) -> JudgedCheck:
    """Judge one check: how it ended must agree with what it saw."""
    outcome, records = _of(planned, stored)
    violations, trouble = _rejudged(records)
    verdict, reason = _verdict(outcome, records, violations)
    if trouble:
        verdict, reason = Verdict.UNDECIDED, trouble
    return JudgedCheck(
        name=planned.name,
        tier=planned.tier,
        verdict=verdict,
        reason=reason,
        **_timing(outcome),
        violations=tuple(violations) if verdict is Verdict.VIOLATED else (),
    )


def judged_mutation(planned: Planned, stored: Stored) -> JudgedMutation:
    """Judge one mutation: it is noticed when the rule that it names objects, and only that one."""
    outcome, records = _of(planned, stored)
    violations, trouble = _rejudged(records)
    reason = trouble or _unnoticed(planned, outcome, violations)
    return JudgedMutation(
        name=planned.name,
        objects=planned.objects,
        noticed=reason is None,
        reason=reason,
        **_timing(outcome),
    )


def _note(requirement: Requirement, judged_checks: int, run: Run) -> str | None:
    if not judged_checks:
        return "only its mutations ran: the requirement itself was not judged"
    every = judged_checks + sum(plan.kind is Kind.CHECK and plan.requirement == requirement.id for plan in run.left_out)
    return None if every == judged_checks else f"only {judged_checks} of its {every} checks were selected"


def _verdict(
    outcome: Outcome | None, records: Sequence[Record], violations: Sequence[Violation]
) -> tuple[Verdict, str | None]:
    if outcome is None or outcome.outcome not in (Ending.PASSED, Ending.VIOLATED):
        return Verdict.UNDECIDED, _interrupted(outcome)
    if not records:
        return Verdict.UNDECIDED, f"{outcome.outcome} on nothing: no observation was recorded"
    if violations:
        return Verdict.VIOLATED, None
    if outcome.outcome is Ending.VIOLATED:
        return Verdict.UNDECIDED, f"failed, but what it saw violates no rule: {outcome.reason}"
    return Verdict.PROVEN, None


def _unnoticed(planned: Planned, outcome: Outcome | None, violations: Sequence[Violation]) -> str | None:
    if outcome is None or outcome.outcome not in (Ending.PASSED, Ending.VIOLATED):
        return _interrupted(outcome)
    if {violation.rule for violation in violations} != {planned.objects}:
        objected = ", ".join(sorted(set(map(_in_words, violations)))) or "nothing"
        return f"`{planned.objects}` should have objected, and alone; what did: {objected}"
    if outcome.outcome is Ending.VIOLATED:
        return f"failed, although the right rule objected: {outcome.reason}"
    return None


def _in_words(violation: Violation) -> str:
    return f"{violation.rule} (seen {str(violation.seen)[:SEEN_LIMIT]!r})"


def _interrupted(outcome: Outcome | None) -> str:
    if outcome is None:
        return "no outcome: the run ended before it did"
    return f"{outcome.outcome}: {outcome.reason or 'no reason given'}"


def _timing(outcome: Outcome | None) -> Timing:
    return Timing(
        seconds=outcome.seconds if outcome else 0.0,
        setup_seconds=outcome.setup_seconds if outcome else 0.0,
        waiting_seconds=outcome.waiting_seconds if outcome else 0.0,
        start=outcome.start if outcome else None,
        worker=outcome.worker if outcome else None,
    )


def _rejudged(records: Sequence[Record]) -> tuple[list[Violation], str | None]:
    try:
        return [violation for record in records for violation in judge(rebuild(record.kind, record.data))], None
    except UnfitError as error:
        return [], str(error)
    except Exception as error:  # noqa: BLE001 - a judge that crashes has not judged
        return [], f"the judge crashed: {error!r}"


def _of(planned: Planned, stored: Stored) -> tuple[Outcome | None, list[Record]]:
    outcome = next((outcome for outcome in stored.outcomes if outcome.name == planned.name), None)
    return outcome, [record for record in stored.records if record.name == planned.name]


def _doubts(run: Run) -> list[str]:
    doubts = list(run.problems)
    if run.end is None:
        doubts.append("the run did not end: it was killed, or is still running")
    if not run.planned:
        doubts.append("nothing was selected to run, so nothing was proven")
    return doubts
