"""From what a run stored to what it amounts to: no Docker, no pytest, the same answer every time."""

import importlib
import json
import pkgutil
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypedDict, TypeVar

import checks
from checks.core.evidence import (
    FORMAT,
    OBSERVATIONS,
    OUTCOMES,
    RUN,
    SUMS,
    Ending,
    Kind,
    Outcome,
    Planned,
    Record,
    Run,
    digests,
)
from checks.core.requirement import BY_ID, REQUIREMENTS, Requirement
from checks.core.verdict import UnfitError, Verdict, Violation, judge, read_as, rebuild

SEEN_LIMIT = 300  # characters of what else objected to a sabotage, in the reason why that was not noticed

Line = TypeVar("Line")


class DamagedError(Exception):
    """A folder is not, or no longer, what a run left: nothing can be said from it."""


@dataclass(frozen=True, kw_only=True)
class Stored:
    """What a run left on disk."""

    run: Run
    outcomes: tuple[Outcome, ...]
    records: tuple[Record, ...]


class Timing(TypedDict):
    """When and where a test ran, and for how long; zero where the run ended before it did."""

    seconds: float
    setup_seconds: float
    waiting_seconds: float
    start: str | None
    worker: str | None


@dataclass(frozen=True, kw_only=True)
class JudgedCheck:
    """A check, as its observations say."""

    name: str
    verdict: Verdict
    reason: str | None
    seconds: float
    setup_seconds: float
    waiting_seconds: float
    start: str | None
    worker: str | None
    violations: tuple[Violation, ...]


@dataclass(frozen=True, kw_only=True)
class JudgedControl:
    """A control, and whether the rule that it breaks objected, and no other."""

    name: str
    objects: str | None
    noticed: bool
    reason: str | None
    seconds: float
    setup_seconds: float
    waiting_seconds: float
    start: str | None
    worker: str | None


@dataclass(frozen=True, kw_only=True)
class JudgedRequirement:
    """A requirement with what was judged of it."""

    id: str
    title: str
    verdict: Verdict
    note: str | None
    checks: tuple[JudgedCheck, ...]
    controls: tuple[JudgedControl, ...]


@dataclass(frozen=True, kw_only=True)
class Report:
    """The result of a run. Every output is a view of this; `reasons` say what keeps it from being proven."""

    verdict: Verdict
    reasons: tuple[str, ...]
    run: Run | None
    requirements: tuple[JudgedRequirement, ...]
    records: tuple[Record, ...]


def judged_folder(folder: Path) -> Report:
    """Judge a folder. One that cannot be read is undecided, never proven."""
    try:
        load_judges()
        return judged(read(folder))
    except DamagedError as error:
        return Report(verdict=Verdict.UNDECIDED, reasons=(str(error),), run=None, requirements=(), records=())


def load_judges() -> None:
    """Import the checks, so that the function that judges each class of observation is known."""
    for module in pkgutil.iter_modules(checks.__path__):
        if module.name.startswith("test_"):
            try:
                importlib.import_module(f"checks.{module.name}")
            except Exception as error:
                raise DamagedError(f"checks/{module.name}.py cannot be imported: {error!r}") from error


def read(folder: Path) -> Stored:
    """Read what a run left, if it is whole."""
    run = _run(folder)
    if run.end is not None:
        _verify(folder)
    stored = Stored(
        run=run,
        outcomes=tuple(_lines(folder / OUTCOMES, Outcome)),
        records=tuple(_lines(folder / OBSERVATIONS, Record)),
    )
    _verify_names(stored)
    return stored


def judged(stored: Stored) -> Report:
    """Judge what a run stored, requirement by requirement."""
    requirements = tuple(
        judged_requirement(requirement, planned, stored)
        for requirement in REQUIREMENTS
        if (planned := [plan for plan in stored.run.planned if plan.requirement == requirement.id])
    )
    reasons = tuple(_doubts(stored.run))
    verdicts = [requirement.verdict for requirement in requirements]
    return Report(
        verdict=worst([*verdicts, Verdict.UNDECIDED] if reasons else verdicts),
        reasons=reasons,
        run=stored.run,
        requirements=requirements,
        records=stored.records,
    )


def judged_requirement(requirement: Requirement, planned: Sequence[Planned], stored: Stored) -> JudgedRequirement:
    """Judge one requirement from its checks and controls."""
    judged_checks = tuple(judged_check(plan, stored) for plan in planned if plan.kind is Kind.CHECK)
    controls = tuple(judged_control(plan, stored) for plan in planned if plan.kind is Kind.CONTROL)
    unnoticed = [Verdict.UNDECIDED for control in controls if not control.noticed]
    verdicts = [check.verdict for check in judged_checks]
    return JudgedRequirement(
        id=requirement.id,
        title=requirement.title,
        verdict=worst([*verdicts, *unnoticed] or [Verdict.NOT_APPLICABLE]),
        note=_note(requirement, len(judged_checks), stored.run),
        checks=judged_checks,
        controls=controls,
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
        verdict=verdict,
        reason=reason,
        **_timing(outcome),
        violations=tuple(violations) if verdict is Verdict.VIOLATED else (),
    )


def judged_control(planned: Planned, stored: Stored) -> JudgedControl:
    """Judge one control: it is noticed when the rule that it names objects, and only that one."""
    outcome, records = _of(planned, stored)
    violations, trouble = _rejudged(records)
    reason = trouble or _unnoticed(planned, outcome, violations)
    return JudgedControl(
        name=planned.name,
        objects=planned.objects,
        noticed=reason is None,
        reason=reason,
        **_timing(outcome),
    )


def worst(verdicts: Iterable[Verdict]) -> Verdict:
    """Give the verdict that decides: violated, else undecided, else proven. Of nothing: undecided."""
    order = (Verdict.VIOLATED, Verdict.UNDECIDED, Verdict.PROVEN, Verdict.NOT_APPLICABLE)
    return min(verdicts, key=order.index, default=Verdict.UNDECIDED)


def _note(requirement: Requirement, judged_checks: int, run: Run) -> str | None:
    if not judged_checks:
        return "only its controls ran: the requirement itself was not judged"
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


def _run(folder: Path) -> Run:
    text = _text(folder / RUN)
    try:
        version = json.loads(text).get("format")
        if version != FORMAT:
            raise DamagedError(f"the folder is in format {version}; this reads format {FORMAT}")
        return read_as(Run, text)
    except (UnfitError, ValueError, AttributeError) as error:
        raise DamagedError(f"`{RUN}` is damaged: {error}") from None


def _lines(path: Path, kind: type[Line]) -> Iterable[Line]:
    text = _text(path)
    if text and not text.endswith("\n"):
        raise DamagedError(f"`{path.name}` is cut off in its last line")
    for number, line in enumerate(text.splitlines(), start=1):
        try:
            yield read_as(kind, line)
        except (UnfitError, ValueError) as error:
            raise DamagedError(f"`{path.name}` is damaged in line {number}: {error}") from None


def _text(path: Path) -> str:
    try:
        return path.read_text("utf-8")
    except FileNotFoundError:
        raise DamagedError(f"`{path.name}` is missing") from None
    except (OSError, UnicodeDecodeError) as error:
        raise DamagedError(f"`{path.name}` cannot be read: {error}") from None


def _verify(folder: Path) -> None:
    listed = {name: digest for digest, _, name in (line.partition("  ") for line in _text(folder / SUMS).splitlines())}
    if unlisted := {RUN, OUTCOMES, OBSERVATIONS} - {*listed}:
        raise DamagedError(f"`{SUMS}` does not list `{min(unlisted)}`")
    found = digests(folder)
    for name, digest in listed.items():
        if name not in found:
            raise DamagedError(f"`{name}` is missing")
        if found[name] != digest:
            raise DamagedError(f"`{name}` is not what the run wrote: its SHA-256 differs")


def _verify_names(stored: Stored) -> None:
    names = [plan.name for plan in stored.run.planned]
    concluded = [outcome.name for outcome in stored.outcomes]
    for what, found in (("plan", names), ("outcomes", concluded)):
        if twice := {name for name in found if found.count(name) > 1}:
            raise DamagedError(f"the {what} name `{min(twice)}` twice")
    strangers = ({*concluded} | {record.name for record in stored.records}) - {*names}
    if strangers:
        raise DamagedError(f"`{min(strangers)}` left traces and was never planned")
    if unknown := {plan.requirement for plan in stored.run.planned} - {*BY_ID}:
        raise DamagedError(f"`{min(unknown)}` is none of the nine requirements")
