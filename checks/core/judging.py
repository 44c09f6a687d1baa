"""From what a run stored to what it amounts to: no Docker, no pytest, the same answer every time."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from checks.core import catalog, waiving
from checks.core.attempts import found_in, tries
from checks.core.catalog import Catalog, CatalogError
from checks.core.codec import DamagedError, UnfitError
from checks.core.registry import rebuild
from checks.core.requirement import Requirement
from checks.core.results import JudgedCheck, JudgedMutation, JudgedRequirement, Result, Timing
from checks.core.rules import Seen, case_of, decided_above, judged_rules, without_overruled
from checks.core.run import Ending, Kind, Outcome, Planned, Record, Run
from checks.core.stored import Stored, read
from checks.core.verdict import Verdict, worst


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
    checks = [check for requirement in requirements for check in requirement.checks]
    verdicts = [requirement.verdict for requirement in requirements]
    return Result(
        catalog=known,
        verdict=worst([*verdicts, Verdict.UNDECIDED] if reasons else verdicts),
        reasons=reasons,
        run=stored.run,
        requirements=requirements,
        records=stored.records,
        waivers=waiving.judged(stored.run, checks),
    )


def judged_requirement(requirement: Requirement, planned: Sequence[Planned], stored: Stored) -> JudgedRequirement:
    """Judge one requirement from its checks and mutations."""
    seen = [_seen(requirement, plan, stored) for plan in planned if plan.kind is Kind.CHECK]
    rules = judged_rules(requirement, seen)
    judged_checks = tuple(
        _overtaken(one.check)
        if _ended(one.check, Ending.SKIPPED, stored) and decided_above(requirement, rules, one.check.tier)
        else without_overruled(one.check, rules)
        for one in seen
    )
    mutations = tuple(judged_mutation(requirement, plan, stored) for plan in planned if plan.kind is Kind.MUTATION)
    missed = [one for one in mutations if not one.noticed and not _ended(one, Ending.NOT_APPLICABLE, stored)]
    verdicts = [check.verdict for check in judged_checks]
    return JudgedRequirement(
        id=requirement.id,
        title=requirement.title,
        verdict=worst([*verdicts, *(Verdict.UNDECIDED for _ in missed)] or [Verdict.NOT_APPLICABLE]),
        note=_note(requirement, len(judged_checks), stored.run),
        checks=judged_checks,
        mutations=mutations,
        rules=rules,
    )


def _seen(requirement: Requirement, planned: Planned, stored: Stored) -> Seen:
    own = [record for record in stored.records if record.name == planned.name]
    kinds = frozenset(case_of(seen) for record in own if (seen := _observation(record)))
    return Seen(check=judged_check(requirement, planned, stored), kinds=kinds)


def _observation(record: Record) -> object | None:
    """What was stored; None where it cannot be read, of which the check itself tells."""
    try:
        return rebuild(record.kind, record.data)
    except UnfitError:
        return None


def judged_check(requirement: Requirement, planned: Planned, stored: Stored) -> JudgedCheck:
    """Judge one check: how it ended must agree with what it saw."""
    outcome = _outcome(planned, stored)
    finding = found_in(requirement, planned, tries(planned, outcome, stored.records))
    verdict, reason = finding.verdict, finding.reason
    waived = waiving.rules(stored.run, finding.violations) if verdict is Verdict.VIOLATED else ()
    if waived and {violation.rule for violation in finding.violations} <= {*waived}:
        verdict, reason = Verdict.WAIVED, waiving.told(stored.run, waived)
    return JudgedCheck(
        name=planned.name,
        tier=planned.tier,
        verdict=verdict,
        reason=reason,
        **_timing(outcome),
        violations=finding.violations if verdict in (Verdict.VIOLATED, Verdict.WAIVED) else (),
        waived=waived,
        first_try=finding.first_try,
    )


def judged_mutation(requirement: Requirement, planned: Planned, stored: Stored) -> JudgedMutation:
    """Judge one mutation: it is noticed when the rule that it names objects, and only that one."""
    outcome = _outcome(planned, stored)
    finding = found_in(requirement, planned, tries(planned, outcome, stored.records))
    return JudgedMutation(
        name=planned.name,
        objects=planned.objects,
        noticed=finding.reason is None,
        reason=finding.reason,
        **_timing(outcome),
        first_try=finding.first_try,
    )


def _overtaken(check: JudgedCheck) -> JudgedCheck:
    """A check that could not look, where that is no loss: it had nothing to look at that was not seen better."""
    return replace(check, verdict=Verdict.NOT_APPLICABLE, reason=f"{check.reason}; higher tiers decided every rule")


def _ended(judged: JudgedCheck | JudgedMutation, how: Ending, stored: Stored) -> bool:
    """Whether it ended so; a mutation that breaks what the subject is not to have ends in not applicable."""
    return any(one.name == judged.name and one.outcome is how for one in stored.outcomes)


def _note(requirement: Requirement, judged_checks: int, run: Run) -> str | None:
    if not judged_checks:
        return "only its mutations ran: the requirement itself was not judged"
    every = judged_checks + sum(plan.kind is Kind.CHECK and plan.requirement == requirement.id for plan in run.left_out)
    return None if every == judged_checks else f"only {judged_checks} of its {every} checks were selected"


def _timing(outcome: Outcome | None) -> Timing:
    return Timing(
        seconds=outcome.seconds if outcome else 0.0,
        setup_seconds=outcome.setup_seconds if outcome else 0.0,
        waiting_seconds=outcome.waiting_seconds if outcome else 0.0,
        start=outcome.start if outcome else None,
        worker=outcome.worker if outcome else None,
        pressure=outcome.pressure if outcome else None,
    )


def _outcome(planned: Planned, stored: Stored) -> Outcome | None:
    return next((outcome for outcome in stored.outcomes if outcome.name == planned.name), None)


def _doubts(run: Run) -> list[str]:
    doubts = list(run.problems)
    if run.end is None:
        doubts.append("the run did not end: it was killed, or is still running")
    if not run.planned:
        doubts.append("nothing was selected to run, so nothing was proven")
    return doubts
