"""Rule by rule: what the highest tier that saw anything of a rule says of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal, get_origin, get_type_hints

from checks.core import catalog
from checks.core.requirement import Requirement
from checks.core.results import JudgedCheck, JudgedRule
from checks.core.tier import Tier
from checks.core.verdict import Verdict, Violation

DECIDED = (Verdict.PROVEN, Verdict.WAIVED, Verdict.VIOLATED)
Case = tuple[str, ...]
LOWEST_FIRST = (None, *Tier)


@dataclass(frozen=True, kw_only=True)
class Seen:
    """A check as it was judged by itself, and the classes of what it saw."""

    check: JudgedCheck
    kinds: frozenset[Case]


def case_of(observation: object) -> Case:
    """The class of an observation, and which case of it: the fields that say so are of a few words each (Literal)."""
    hints = get_type_hints(type(observation))
    told = [str(getattr(observation, name)) for name, hint in hints.items() if get_origin(hint) is Literal]
    return (type(observation).__name__, *told)


def rules_by_kind(requirement: Requirement) -> Mapping[Case, frozenset[str]]:
    """{case of an observation: the rules that its judge can object by}, as the samples show."""
    found: dict[Case, set[str]] = {}
    for rule, observations in catalog.samples(requirement).failing.items():
        for seen in observations:
            found.setdefault(case_of(seen), set()).add(rule)
    return {case: frozenset(rules) for case, rules in found.items()}


def judged_rules(requirement: Requirement, seen: Sequence[Seen]) -> tuple[JudgedRule, ...]:
    """The verdict on each rule that a check looked at, and the tier that it comes from."""
    looked_at = rules_by_kind(requirement)
    asked = {rule.name: [one for one in seen if rule.name in _rules(one, looked_at)] for rule in requirement.rules}
    return tuple(_judged(rule, checks) for rule, checks in asked.items() if checks)


def without_overruled(check: JudgedCheck, rules: Sequence[JudgedRule]) -> JudgedCheck:
    """A check without those of its violations that a higher tier saw otherwise: there, the rule was kept."""
    overruled = {
        rule.name: rule.tier
        for rule in rules
        if rule.verdict is Verdict.PROVEN and _height(rule.tier) > _height(check.tier)
    }
    kept = tuple(one for one in check.violations if one.rule not in overruled)
    told = [f"{name}: the tier {tier} saw it kept" for name, tier in overruled.items() if name in _objected(check)]
    if not told:
        return check
    return replace(
        check,
        violations=kept,
        waived=tuple(rule for rule in check.waived if rule not in overruled),
        verdict=_verdict(kept, check.waived),
        reason="; ".join(told),
    )


def decided_above(requirement: Requirement, rules: Sequence[JudgedRule], tier: Tier | None) -> bool:
    """Whether higher tiers decided every rule, so that nothing hangs on a check of this one that could not look."""
    above = {rule.name for rule in rules if rule.verdict in DECIDED and _height(rule.tier) > _height(tier)}
    return {rule.name for rule in requirement.rules} <= above


def _verdict(violations: Sequence[Violation], waived: Sequence[str]) -> Verdict:
    if not violations:
        return Verdict.PROVEN
    return Verdict.WAIVED if {one.rule for one in violations} <= {*waived} else Verdict.VIOLATED


def _judged(rule: str, checks: Sequence[Seen]) -> JudgedRule:
    decided = [one.check for one in checks if one.check.verdict in DECIDED]
    if not decided:
        return JudgedRule(name=rule, verdict=Verdict.UNDECIDED, tier=None)
    highest = max(decided, key=lambda check: _height(check.tier)).tier
    objecting = [check for check in decided if check.tier == highest and rule in _objected(check)]
    verdict = Verdict.WAIVED if all(rule in check.waived for check in objecting) else Verdict.VIOLATED
    return JudgedRule(name=rule, verdict=verdict if objecting else Verdict.PROVEN, tier=highest)


def _rules(seen: Seen, looked_at: Mapping[Case, frozenset[str]]) -> frozenset[str]:
    return frozenset().union(*(looked_at.get(kind, frozenset()) for kind in seen.kinds), _objected(seen.check))


def _objected(check: JudgedCheck) -> set[str]:
    return {violation.rule for violation in check.violations}


def _height(tier: Tier | None) -> int:
    return LOWEST_FIRST.index(tier)
