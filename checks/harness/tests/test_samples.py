"""Each judge objects to what violates its rules, by name and alone, and to a check that tried nothing."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from checks.core.codec import as_data
from checks.core.registry import judge, objections, rebuild
from checks.harness.tests.all_samples import NOTHING_TRIED, PROVING, VIOLATING
from checks.requirements.r4_redis_acl import judge as r4
from checks.requirements.r4_redis_acl.samples import NOPERM, REJECTED, attempts
from checks.requirements.r9_self_healing.judge import healing
from checks.requirements.r9_self_healing.samples.healing import HEALED

EVERY = [*PROVING, *NOTHING_TRIED, *(seen for doctored in VIOLATING.values() for seen in doctored)]
FROZEN_AT = datetime(2026, 11, 23, 20, tzinfo=UTC)


@pytest.mark.parametrize("seen", PROVING, ids=repr)
def test_what_keeps_every_rule_is_proven(seen: object) -> None:
    assert judge(seen) == []


@pytest.mark.parametrize(("rule", "seen"), [(rule, seen) for rule, found in VIOLATING.items() for seen in found])
def test_the_rule_that_is_violated_objects_and_no_other(rule: str, seen: object) -> None:
    assert objections(seen) == {rule}


@pytest.mark.parametrize("seen", NOTHING_TRIED, ids=repr)
def test_a_check_that_tried_nothing_proves_nothing(seen: object) -> None:
    assert judge(seen) != []


@pytest.mark.parametrize("seen", EVERY, ids=repr)
def test_what_was_seen_is_judged_the_same_from_disk(seen: object) -> None:
    stored = rebuild(type(seen).__name__, as_data(seen))
    assert stored == seen
    assert judge(stored) == judge(seen)


def test_two_rules_can_object_to_one_observation() -> None:
    both = replace(HEALED, phases={}, others={"api": True})
    assert objections(both) == {"found-unhealthy", "others-left-alone"}


def test_an_objection_says_who_was_let_in() -> None:
    let_in = r4.DefaultUser(without_login=attempts("+PONG"), by_password=REJECTED.by_password)
    assert [violation.seen for violation in judge(let_in)] == ["command-0: +PONG"]


def test_a_long_objection_says_how_many_there_are() -> None:
    let_in = r4.DefaultUser(without_login=attempts(*["+OK"] * 9), by_password=REJECTED.by_password)
    (violation,) = judge(let_in)
    assert str(violation.seen).endswith("command-4: +OK ... (9 in all)")


@pytest.mark.parametrize(
    ("answer", "is_refused"),
    [
        (NOPERM, True),
        ("-ERR MODULE command not allowed. If the enable-module-command option is set", True),
        ("-ERR unknown command", False),
        ("+NOPERM", False),
        ("", False),
    ],
)
def test_only_an_error_of_the_right_kind_is_a_refusal(answer: str, is_refused: bool) -> None:
    assert r4.refused(r4.Attempt(request="keys", answer=answer), "NOPERM") is is_refused


@pytest.mark.parametrize(
    ("events", "found"),
    [
        ([(6, "unhealthy"), (7, "start"), (9, "healthy")], {"detect": 6.0, "restart": 1.0, "recover": 2.0}),
        ([(6, "unhealthy"), (7, "start")], {"detect": 6.0, "restart": 1.0}),
        ([(-1, "unhealthy"), (7, "start"), (9, "healthy")], {}),
        ([(3, "start"), (4, "healthy"), (6, "unhealthy")], {"detect": 6.0}),
        ([(6, "unhealthy"), (7, "healthy"), (8, "start")], {"detect": 6.0, "restart": 2.0}),
        (
            [(6, "unhealthy"), (7, "start"), (9, "healthy"), (10, "unhealthy")],
            {"detect": 6.0, "restart": 1.0, "recover": 2.0},
        ),
        ([], {}),
    ],
)
def test_phases_follow_one_another_from_the_freeze_on(events: list[tuple[int, str]], found: dict[str, float]) -> None:
    named = {"unhealthy": "health_status: unhealthy", "healthy": "health_status: healthy", "start": "start"}
    seen = [(FROZEN_AT + timedelta(seconds=after), named[action]) for after, action in events]
    assert healing.phases(seen, FROZEN_AT, healing.STEPS) == found
