"""What a report tells of rules that do not hold: the check, the rule with its remedy, where, and a name that stays."""

import hashlib
import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from checks.core.place import Place
from checks.core.requirement import Requirement, Rule
from checks.core.results import JudgedCheck, JudgedRequirement, Result
from checks.core.verdict import Verdict, Violation


@dataclass(frozen=True, kw_only=True)
class Finding:
    """A violation, with everything that is known of its rule."""

    requirement: Requirement
    check: JudgedCheck
    rule: Rule
    violation: Violation
    snippet: str
    """The least that shows the remedy, with the subject's own names of services."""
    occurrence: int
    """How many violations of the same rule, by the same check in the same file, come before this one."""

    @property
    def place(self) -> Place | None:
        """Where it shows in the subject's files. What was only seen in a running stack shows in none."""
        return self.violation.place

    @property
    def fingerprint(self) -> str:
        """The same for the same rule, check and file in every run, whatever was seen this time."""
        return digest(*_identity(self.requirement, self.check, self.violation), str(self.occurrence))


def findings(report: Result) -> Iterator[Finding]:
    """Every violation that nobody waived, in the order of requirements, checks and what they saw."""
    counted: Counter[tuple[str, ...]] = Counter()
    for known, check, violation in _violations(report):
        identity = _identity(known, check, violation)
        rule = rule_of(known, violation.rule)
        yield Finding(
            requirement=known,
            check=check,
            rule=rule,
            snippet=snippet(report, rule),
            violation=violation,
            occurrence=counted[identity],
        )
        counted[identity] += 1


def snippet(report: Result, rule: Rule) -> str:
    """The snippet of a rule with the subject's own names of services, as far as the run knows them."""
    return rule.snippet_for(report.run.services if report.run else {})


def _violations(report: Result) -> Iterator[tuple[Requirement, JudgedCheck, Violation]]:
    for judged in report.requirements:
        known = report.catalog.by_id[judged.id]
        for check in judged.checks:
            yield from ((known, check, one) for one in check.violations if one.rule not in check.waived)


def _identity(known: Requirement, check: JudgedCheck, violation: Violation) -> tuple[str, ...]:
    return known.id, violation.rule, check.name, violation.place.file if violation.place else ""


def undecided(report: Result) -> Iterator[tuple[JudgedRequirement, str, str]]:
    """(requirement, test, why) of what could not be evaluated: neither satisfied nor violated."""
    for judged in report.requirements:
        yield from (
            (judged, check.name, check.reason or "") for check in judged.checks if check.verdict is Verdict.UNDECIDED
        )
        yield from ((judged, one.name, one.reason or "") for one in judged.mutations if not one.noticed)


def rule_of(known: Requirement, name: str) -> Rule:
    """The rule of that name; a judge may object by one that the claim does not list."""
    return next((rule for rule in known.rules if rule.name == name), Rule(name, name))


def controls_of(known: Requirement, rule: str) -> list[str]:
    """`CIS Docker Benchmark 1.6.0 4.1` for each control that the rule bears on."""
    return [f"{found.framework} {found.item}" for found in known.controls if rule in found.rules]


def digest(*parts: str) -> str:
    """A SHA-256 that tells apart what differs in any part."""
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()
