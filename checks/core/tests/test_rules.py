"""Of each rule the highest tier that saw something of it has the word."""

from dataclasses import replace

import pytest

from checks.core import catalog
from checks.core.results import JudgedCheck, JudgedRule
from checks.core.rules import Seen, case_of, decided_above, judged_rules, without_overruled
from checks.core.tier import Tier
from checks.core.verdict import Verdict, Violation

R7 = catalog.read().by_id["R7"]
RULE = "has-a-health-check"


def check(tier: Tier, verdict: Verdict, *rules: str) -> JudgedCheck:
    return JudgedCheck(
        name=f"test_{tier}", tier=tier, verdict=verdict, reason=None, seconds=0.0, setup_seconds=0.0,
        waiting_seconds=0.0, start=None, worker=None,
        waived=(), violations=tuple(Violation(rule, seen="none", wanted="one") for rule in rules),
    )  # fmt: skip


def seen(*checks: JudgedCheck) -> list[Seen]:
    return [Seen(check=one, kinds=frozenset({("Probes",)})) for one in checks]


FILES, ENGINE = check(Tier.DECLARED, Verdict.VIOLATED, RULE), check(Tier.RUNNING, Verdict.PROVEN)

OBJECTING = check(Tier.RUNNING, Verdict.VIOLATED, RULE)


def verdict_on(rule: str, *checks: JudgedCheck) -> JudgedRule:
    return next(one for one in judged_rules(R7, seen(*checks)) if one.name == rule)


@pytest.mark.parametrize(
    ("checks", "verdict", "tier"),
    [
        ((FILES,), Verdict.VIOLATED, Tier.DECLARED),
        ((FILES, ENGINE), Verdict.PROVEN, Tier.RUNNING),
        ((ENGINE, FILES), Verdict.PROVEN, Tier.RUNNING),
        ((FILES, check(Tier.RUNNING, Verdict.UNDECIDED)), Verdict.VIOLATED, Tier.DECLARED),
        (
            (check(Tier.DECLARED, Verdict.PROVEN), check(Tier.RUNNING, Verdict.VIOLATED, RULE)),
            Verdict.VIOLATED,
            Tier.RUNNING,
        ),
        ((check(Tier.RUNNING, Verdict.UNDECIDED),), Verdict.UNDECIDED, None),
    ],
)
def test_the_highest_tier_counts(checks: tuple[JudgedCheck, ...], verdict: Verdict, tier: Tier | None) -> None:
    assert verdict_on(RULE, *checks) == JudgedRule(name=RULE, verdict=verdict, tier=tier)


def test_a_violation_that_was_seen_otherwise_is_none() -> None:
    rules = judged_rules(R7, seen(FILES, ENGINE))
    found = without_overruled(FILES, rules)
    assert (found.verdict, found.violations) == (Verdict.PROVEN, ())
    assert found.reason == f"{RULE}: the tier running saw it kept"
    assert without_overruled(ENGINE, rules) == ENGINE


def test_other_violations_stay() -> None:
    files = check(Tier.DECLARED, Verdict.VIOLATED, RULE, "check-can-fail")
    engine = check(Tier.RUNNING, Verdict.VIOLATED, "check-can-fail")
    found = without_overruled(files, judged_rules(R7, seen(files, engine)))
    assert (found.verdict, [one.rule for one in found.violations]) == (Verdict.VIOLATED, ["check-can-fail"])


def test_what_is_waived_stays_waived_and_is_never_proven() -> None:
    waived = replace(FILES, verdict=Verdict.WAIVED, waived=(RULE,))
    assert verdict_on(RULE, waived).verdict is Verdict.WAIVED
    both = replace(check(Tier.DECLARED, Verdict.VIOLATED, RULE, "check-can-fail"), waived=("check-can-fail",))
    blind = check(Tier.RUNNING, Verdict.VIOLATED, "check-can-fail")
    assert without_overruled(both, judged_rules(R7, seen(both, blind))).verdict is Verdict.WAIVED


def test_what_no_check_looked_at_is_not_spoken_of() -> None:
    named = {one.name for one in judged_rules(R7, seen(ENGINE))}
    by_looks = {"check-can-fail", "check-sees-errors", "check-asks-the-service", "found-within-minutes"}
    assert named == {RULE, *by_looks, "no-password-in-probe"}


def test_an_observation_of_another_case_says_nothing_of_a_rule() -> None:
    known = catalog.read().by_id["R8"]
    gone = next(one for one in catalog.samples(known).failing["answer-when-redis-gone"])
    assert case_of(gone) == ("Called", "gone")
    proven = Seen(check=check(Tier.EXERCISED, Verdict.PROVEN), kinds=frozenset({case_of(gone)}))
    found = {one.name for one in judged_rules(known, [proven])}
    assert found == {"answer-when-redis-gone", "answers-in-time"}


def test_who_could_not_look_is_no_loss_below_what_is_decided() -> None:
    of = [JudgedRule(name=rule.name, verdict=Verdict.PROVEN, tier=Tier.RUNNING) for rule in R7.rules]
    assert decided_above(R7, of, Tier.DECLARED)
    assert not decided_above(R7, of, Tier.RUNNING)
    assert not decided_above(R7, of[1:], Tier.DECLARED)
    assert not decided_above(R7, [replace(of[0], verdict=Verdict.UNDECIDED, tier=None), *of[1:]], Tier.DECLARED)
    assert not decided_above(R7, [replace(of[0], tier=Tier.DECLARED), *of[1:]], Tier.DECLARED)
