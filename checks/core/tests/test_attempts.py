"""Late on a machine that starved decides nothing; everything else does, whatever the machine did."""

from dataclasses import replace

import pytest

from checks.core.judging import judged
from checks.core.pressure import Pressure
from checks.core.results import JudgedCheck, JudgedMutation
from checks.core.run import Attempt, Ending, Planned
from checks.core.stored import Stored
from checks.core.tests.sample_run import (
    FROZEN,
    HEALED,
    HEALS,
    KEEPS,
    KEPT,
    LOSING_IT,
    LOST,
    QUIET,
    RUN,
    STARVED,
    outcome,
    record,
)
from checks.core.verdict import Verdict

Try = tuple[Ending, Pressure | None, object]
LATE: Try = (Ending.VIOLATED, STARVED, FROZEN)


def stored(planned: Planned, *tries: Try) -> Stored:
    *earlier, (ending, pressure, _) = tries
    before = tuple(
        Attempt(outcome=how, reason="because", seconds=1.0, setup_seconds=0.5, pressure=what)
        for how, what, _ in earlier
    )
    return Stored(
        run=replace(RUN, planned=(planned,)),
        outcomes=(replace(outcome(planned, ending, "because"), pressure=pressure, earlier=before),),
        records=tuple(
            replace(record(planned, seen), attempt=number)
            for number, (_, _, seen) in enumerate(tries, start=1)
            if seen is not None
        ),
    )


def check(*tries: Try, planned: Planned = HEALS) -> JudgedCheck:
    (found,) = judged(stored(planned, *tries)).requirements[0].checks
    return found


def mutation(*tries: Try) -> JudgedMutation:
    (found,) = judged(stored(LOSING_IT, *tries)).requirements[0].mutations
    return found


def test_late_while_starved_is_undecided_with_figures() -> None:
    found = check(LATE)
    assert found.verdict is Verdict.UNDECIDED
    assert found.reason == (
        "late: healthy-again: seen False, wanted True; found-unhealthy: seen 12.5, wanted 9.0; "
        "in those 7.0 s the machine kept runnable tasks waiting 82 % of the time"
    )
    assert found.violations == ()


@pytest.mark.parametrize("pressure", [QUIET, None, replace(QUIET, throttled=1.0)])
def test_late_on_a_quiet_machine_is_violated(pressure: Pressure | None) -> None:
    assert check((Ending.VIOLATED, pressure, FROZEN)).verdict is Verdict.VIOLATED


def test_a_rule_that_is_not_about_time_is_never_excused() -> None:
    assert check((Ending.VIOLATED, STARVED, LOST), planned=KEEPS).verdict is Verdict.VIOLATED


def test_one_violation_that_is_not_late_decides() -> None:
    both = replace(stored(HEALS, LATE), records=(record(HEALS, FROZEN), record(HEALS, LOST)))
    (found,) = judged(both).requirements[0].checks
    assert found.verdict is Verdict.VIOLATED


def test_proven_while_starved_stays_proven() -> None:
    assert check((Ending.PASSED, STARVED, HEALED)).verdict is Verdict.PROVEN


@pytest.mark.parametrize(
    ("second", "verdict"),
    [
        ((Ending.PASSED, QUIET, HEALED), Verdict.PROVEN),
        ((Ending.PASSED, STARVED, HEALED), Verdict.PROVEN),
        ((Ending.VIOLATED, QUIET, FROZEN), Verdict.VIOLATED),
        ((Ending.VIOLATED, STARVED, FROZEN), Verdict.UNDECIDED),
        ((Ending.CRASHED, QUIET, None), Verdict.UNDECIDED),
    ],
)
def test_what_the_second_try_says_counts(second: Try, verdict: Verdict) -> None:
    found = check(LATE, second)
    assert found.verdict is verdict
    assert found.first_try is not None
    assert "82 %" in found.first_try


def test_a_second_try_excuses_no_first_one_that_decides() -> None:
    found = check((Ending.VIOLATED, QUIET, FROZEN), (Ending.PASSED, QUIET, HEALED))
    assert (found.verdict, found.first_try) == (Verdict.VIOLATED, None)


def test_a_limit_of_ours_that_ran_out_says_so() -> None:
    found = check((Ending.OUT_OF_TIME, STARVED, None))
    assert found.verdict is Verdict.UNDECIDED
    assert found.reason == (
        "out of time: because; in those 7.0 s the machine kept runnable tasks waiting 82 % of the time"
    )
    assert check((Ending.OUT_OF_TIME, QUIET, None)).reason == "out of time: because"


def test_a_crash_is_tried_again_only_where_the_machine_starved() -> None:
    assert check((Ending.CRASHED, QUIET, None), (Ending.PASSED, QUIET, HEALED)).reason == "crashed: because"
    assert check((Ending.CRASHED, STARVED, None), (Ending.PASSED, QUIET, HEALED)).verdict is Verdict.PROVEN


def test_a_crash_in_both_tries_is_told() -> None:
    found = check((Ending.CRASHED, STARVED, None), (Ending.CRASHED, QUIET, None))
    assert (found.verdict, found.reason) == (Verdict.UNDECIDED, "crashed: because")


def test_a_mutation_missed_while_starved_is_undecided() -> None:
    found = mutation((Ending.PASSED, STARVED, KEPT))
    assert not found.noticed
    assert str(found.reason).endswith(
        "what did: nothing; " + "in those 7.0 s the machine kept runnable tasks waiting 82 % of the time"
    )


def test_a_mutation_is_noticed_in_its_second_try() -> None:
    found = mutation((Ending.VIOLATED, STARVED, KEPT), (Ending.PASSED, QUIET, LOST))
    assert found.noticed
    assert found.first_try is not None


def test_a_mutation_that_is_noticed_while_starved_is_noticed() -> None:
    assert mutation((Ending.PASSED, STARVED, LOST)).noticed
