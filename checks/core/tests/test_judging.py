"""A verdict follows from the folder alone, and whatever is wrong with the folder proves nothing."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from checks.core.evidence import Evidence, Folder, seal
from checks.core.judging import judged, judged_folder
from checks.core.results import Result
from checks.core.run import OBSERVATIONS, OUTCOMES, RUN, SUMS, Ending, Planned, Run
from checks.core.stored import Stored
from checks.core.tests.sample_run import (
    FAILING,
    FROZEN,
    HEALED,
    HEALS,
    KEEPS,
    KEPT,
    LOSING_IT,
    LOST,
    PASSING,
    SampleKept,
    outcome,
    record,
)
from checks.core.tests.sample_run import RUN as DONE
from checks.core.verdict import Verdict, worst
from checks.core.waiver import Waiver


def stored(planned: Planned, ending: Ending, *observations: object) -> Stored:
    return Stored(
        run=replace(DONE, planned=(planned,)),
        outcomes=(outcome(planned, ending, "because"),),
        records=tuple(record(planned, observation) for observation in observations),
    )


def only_check(report: Result) -> tuple[Verdict, str | None]:
    (check,) = report.requirements[0].checks
    return check.verdict, check.reason


def test_the_passing_run_is_proven() -> None:
    assert judged(PASSING).verdict is Verdict.PROVEN


def test_violated_outweighs_undecided() -> None:
    report = judged(FAILING)
    assert report.verdict is Verdict.VIOLATED
    assert {found.id: found.verdict for found in report.requirements} == {
        "R3": Verdict.VIOLATED,
        "R6": Verdict.UNDECIDED,
        "R9": Verdict.VIOLATED,
    }


def test_violations_name_the_rule_and_what_was_seen() -> None:
    (check,) = judged(stored(KEEPS, Ending.VIOLATED, LOST)).requirements[0].checks
    assert [violation.rule for violation in check.violations] == ["restart-keeps"]


@pytest.mark.parametrize("ending", [Ending.CRASHED, Ending.SKIPPED])
def test_a_check_that_did_not_run_to_its_end_decides_nothing(ending: Ending) -> None:
    assert only_check(judged(stored(KEEPS, ending, LOST))) == (Verdict.UNDECIDED, f"{ending}: because")


def test_a_check_without_outcome_decides_nothing() -> None:
    report = judged(Stored(run=replace(DONE, planned=(KEEPS,)), outcomes=(), records=(record(KEEPS, KEPT),)))
    assert only_check(report) == (Verdict.UNDECIDED, "no outcome: the run ended before it did")


def test_passing_on_nothing_decides_nothing() -> None:
    assert only_check(judged(stored(KEEPS, Ending.PASSED)))[1] == "passed on nothing: no observation was recorded"


def test_a_pass_that_its_observations_contradict_is_violated() -> None:
    assert only_check(judged(stored(KEEPS, Ending.PASSED, KEPT, LOST)))[0] is Verdict.VIOLATED


def test_a_failure_that_no_observation_explains_decides_nothing() -> None:
    verdict, reason = only_check(judged(stored(KEEPS, Ending.VIOLATED, KEPT)))
    assert verdict is Verdict.UNDECIDED
    assert reason == "failed, but what it saw violates no rule: because"


def test_a_judge_that_crashes_decides_nothing() -> None:
    report = judged(stored(KEEPS, Ending.PASSED, SampleKept(written=(), read_back=())))
    assert only_check(report) == (Verdict.UNDECIDED, "the judge crashed: ValueError('nothing was written')")


@pytest.mark.parametrize(
    ("ending", "seen", "noticed"),
    [
        (Ending.PASSED, (LOST,), True),
        (Ending.PASSED, (KEPT,), False),  # nobody objected
        (Ending.PASSED, (LOST, FROZEN), False),  # others objected too
        (Ending.PASSED, (FROZEN,), False),  # another rule objected instead
        (Ending.PASSED, (), False),
        (Ending.VIOLATED, (LOST,), False),
        (Ending.CRASHED, (LOST,), False),
    ],
)
def test_a_mutation_is_noticed_when_its_rule_alone_objects(
    ending: Ending, seen: tuple[object, ...], noticed: bool
) -> None:
    (mutation,) = judged(stored(LOSING_IT, ending, *seen)).requirements[0].mutations
    assert mutation.noticed is noticed
    assert (mutation.reason is None) is noticed


def test_mutations_alone_do_not_judge_the_requirement() -> None:
    report = judged(stored(LOSING_IT, Ending.PASSED, LOST))
    assert report.verdict is Verdict.NOT_APPLICABLE
    assert report.requirements[0].note == "only its mutations ran: the requirement itself was not judged"


def test_an_unnoticed_mutation_makes_its_requirement_undecided() -> None:
    unnoticed = replace(PASSING, records=tuple(found for found in PASSING.records if found.name != LOSING_IT.name))
    report = judged(unnoticed)
    assert report.requirements[0].verdict is Verdict.UNDECIDED
    assert report.verdict is Verdict.UNDECIDED


def test_a_requirement_that_was_not_tried_is_not_listed() -> None:
    assert [found.id for found in judged(PASSING).requirements] == ["R3", "R9"]


@pytest.mark.parametrize(
    ("run", "reason"),
    [
        (replace(PASSING.run, end=None), "the run did not end"),
        (replace(PASSING.run, planned=()), "nothing was selected to run"),
        (replace(PASSING.run, problems=("a secret of the run stands in `run.json`",)), "a secret of the run"),
    ],
)
def test_a_doubtful_run_is_undecided(run: Run, reason: str) -> None:
    report = judged(replace(PASSING, run=run))
    assert report.verdict is Verdict.UNDECIDED
    assert report.reasons[0].startswith(reason)


@pytest.fixture
def proven(tmp_path: Path) -> Path:
    folder = Folder.begin(tmp_path)
    folder.plan([KEEPS, HEALS])
    for planned, observation in ((KEEPS, KEPT), (HEALS, HEALED)):
        Evidence(folder, planned).saw(observation)
        folder.conclude(outcome(planned))
    folder.end()
    return folder.path


def test_a_whole_folder_is_judged_as_it_was(proven: Path) -> None:
    assert judged_folder(proven).verdict is Verdict.PROVEN


def test_evidence_from_before_pressure_was_kept_is_judged(proven: Path) -> None:
    for name, later in ((OBSERVATIONS, ("attempt",)), (OUTCOMES, ("pressure", "earlier"))):
        lines = [json.loads(line) for line in (proven / name).read_text().splitlines()]
        shorter = [{key: value for key, value in line.items() if key not in later} for line in lines]
        (proven / name).write_text("".join(json.dumps(line) + "\n" for line in shorter))
    run = json.loads((proven / RUN).read_text())
    del run["pressure"]
    (proven / RUN).write_text(json.dumps(run))
    seal(proven)
    assert judged_folder(proven).verdict is Verdict.PROVEN


def cut_off(folder: Path) -> None:
    text = (folder / OBSERVATIONS).read_text()
    (folder / OBSERVATIONS).write_text(text[:-20])
    seal(folder)


def shortened_by_a_line(folder: Path) -> None:
    lines = (folder / OBSERVATIONS).read_text().splitlines(keepends=True)
    (folder / OBSERVATIONS).write_text("".join(lines[:-1]))


def altered(folder: Path) -> None:
    text = (folder / OUTCOMES).read_text()
    (folder / OUTCOMES).write_text(text.replace("passed", "violated"))


def without_outcomes(folder: Path) -> None:
    (folder / OUTCOMES).unlink()


def without_digests(folder: Path) -> None:
    (folder / SUMS).unlink()


def with_empty_digests(folder: Path) -> None:
    (folder / SUMS).write_text("")


def of_another_version(folder: Path) -> None:
    text = (folder / RUN).read_text()
    (folder / RUN).write_text(text.replace('"format": 3', '"format": 99'))


def not_json(folder: Path) -> None:
    (folder / RUN).write_text("[]")


def emptied(folder: Path) -> None:
    for path in folder.iterdir():
        path.unlink()


def with_an_outcome_twice(folder: Path) -> None:
    text = (folder / OUTCOMES).read_text()
    (folder / OUTCOMES).write_text(text * 2)
    seal(folder)


def with_a_stranger(folder: Path) -> None:
    text = (folder / OUTCOMES).read_text()
    (folder / OUTCOMES).write_text(text.replace("survives", "outlives"))
    seal(folder)


@pytest.mark.parametrize(
    ("doctor", "reason"),
    [
        (cut_off, "`observations.jsonl` is cut off in its last line"),
        (shortened_by_a_line, "`observations.jsonl` is not what the run wrote: its SHA-256 differs"),
        (altered, "`outcomes.jsonl` is not what the run wrote: its SHA-256 differs"),
        (without_outcomes, "`outcomes.jsonl` is missing"),
        (without_digests, "`SHA256SUMS` is missing"),
        (with_empty_digests, "`SHA256SUMS` does not list `observations.jsonl`"),
        (of_another_version, "the folder is in format 99; this reads format 3"),
        (not_json, "`run.json` is damaged: 'list' object has no attribute 'get'"),
        (emptied, "`run.json` is missing"),
        (with_an_outcome_twice, f"the outcomes name `{KEEPS.name}` twice"),
        (with_a_stranger, f"`{KEEPS.name.replace('survives', 'outlives')}` left traces and was never planned"),
    ],
)
def test_a_damaged_folder_is_undecided(proven: Path, doctor: Callable[[Path], None], reason: str) -> None:
    doctor(proven)
    report = judged_folder(proven)
    assert (report.verdict, report.reasons) == (Verdict.UNDECIDED, (reason,))


def test_what_does_not_apply_is_neither_proven_nor_undecided() -> None:
    run = stored(KEEPS, Ending.NOT_APPLICABLE)
    assert only_check(judged(run)) == (Verdict.NOT_APPLICABLE, "because")
    assert judged(run).verdict is Verdict.NOT_APPLICABLE


def test_what_does_not_apply_hides_no_violation() -> None:
    run = stored(KEEPS, Ending.NOT_APPLICABLE, LOST)
    assert only_check(judged(run)) == (Verdict.UNDECIDED, "not applicable: because")


def test_a_mutation_that_does_not_apply_decides_nothing() -> None:
    whole = replace(
        PASSING,
        outcomes=(
            *(one for one in PASSING.outcomes if one.name != LOSING_IT.name),
            outcome(LOSING_IT, Ending.NOT_APPLICABLE, "no Redis"),
        ),
    )
    assert judged(whole).verdict is Verdict.PROVEN


RULE = "restart-keeps"
WAIVER = Waiver(rule=RULE, reason="for now", until="2026-11-23")


@pytest.mark.parametrize(
    ("waivers", "verdict", "state"),
    [
        ((WAIVER,), Verdict.WAIVED, "counts"),
        ((replace(WAIVER, until="2026-11-22"),), Verdict.VIOLATED, "expired"),
        ((replace(WAIVER, rule="healthy-again"),), Verdict.VIOLATED, "unused"),
    ],
)
def test_a_waiver_counts_for_its_rule_until_its_day(waivers: tuple[Waiver, ...], verdict: Verdict, state: str) -> None:
    lost = stored(KEEPS, Ending.VIOLATED, LOST)
    report = judged(replace(lost, run=replace(lost.run, waivers=waivers)))
    assert (report.verdict, [one.state for one in report.waivers]) == (verdict, [state])
    (check,) = report.requirements[0].checks
    assert [violation.rule for violation in check.violations] == [RULE]
    assert check.waived == ((RULE,) if verdict is Verdict.WAIVED else ())


def test_a_waiver_sets_aside_no_other_rule_of_the_check() -> None:
    ill = stored(HEALS, Ending.VIOLATED, FROZEN)
    waived = Waiver(rule="healthy-again", reason="for now", until="2027-01-31")
    (check,) = judged(replace(ill, run=replace(ill.run, waivers=(waived,)))).requirements[0].checks
    assert (check.verdict, check.waived) == (Verdict.VIOLATED, ("healthy-again",))
    assert {violation.rule for violation in check.violations} == {"healthy-again", "found-unhealthy"}


def test_a_waiver_proves_nothing() -> None:
    kept = stored(KEEPS, Ending.CRASHED)
    assert judged(replace(kept, run=replace(kept.run, waivers=(WAIVER,)))).verdict is Verdict.UNDECIDED
    assert worst([Verdict.PROVEN, Verdict.WAIVED, Verdict.NOT_APPLICABLE]) is Verdict.WAIVED
    assert worst([Verdict.WAIVED, Verdict.UNDECIDED]) is Verdict.UNDECIDED


def test_a_run_of_before_there_were_waivers_has_none(proven: Path) -> None:
    told = json.loads((proven / RUN).read_text())
    del told["waivers"]
    (proven / RUN).write_text(json.dumps(told))
    seal(proven)
    assert judged_folder(proven).verdict is Verdict.PROVEN
