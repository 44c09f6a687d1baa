"""The result in a terminal."""

from checks.core.results import JudgedRequirement, Result
from checks.core.verdict import Verdict
from checks.report import timing
from checks.report.findings import findings
from checks.report.words import (
    SLOWEST_SHOWN,
    indented,
    objection,
    of_it,
    printable,
    second_try,
    sentence,
    title,
    what_the_machine_did,
    where_the_time_went,
)


def as_terminal(report: Result) -> str:
    """Show the result in a terminal: a line per requirement, what objected, and where the time went."""
    lines = [line for requirement in report.requirements for line in _terminal_lines(requirement)]
    lines += _remedies(report)
    lines += _terminal_times(report)
    lines += [f"reason: {reason}" for reason in report.reasons if reason not in sentence(report)]
    lines += [f"note: {note}" for note in (report.run.notes if report.run else ())]
    return printable("\n".join([*lines, sentence(report)]) + "\n")


def _terminal_lines(requirement: JudgedRequirement) -> list[str]:
    lines = [f"{requirement.verdict:<15}{requirement.id}  {requirement.title}"]
    lines += [indented(requirement.note)] if requirement.note else []
    for test in timing.judged(requirement):
        lines += [indented(f"{test.name}: {second_try(test.first_try)}")] if test.first_try else []
    for check in requirement.checks:
        if check.verdict is not Verdict.PROVEN:
            lines.append(indented(f"{check.name}: {check.reason or check.verdict}"))
            lines += [indented(f"  {objection(violation)}") for violation in check.violations]
    lines += [
        indented(f"{mutation.name}: not noticed: {mutation.reason}")
        for mutation in requirement.mutations
        if not mutation.noticed
    ]
    return lines


def _remedies(report: Result) -> list[str]:
    """For each rule that does not hold, once, what to do."""
    rules = {(found.requirement.id, found.rule) for found in findings(report) if found.rule.remedy}
    lines = []
    for known, rule in sorted(rules, key=lambda one: (one[0], one[1].name)):
        lines.append(f"{'to do':<15}{known}  {rule.name}: {rule.remedy}")
        lines += [indented(f"  {line}") for line in rule.snippet.splitlines()]
    return lines


def _terminal_times(report: Result) -> list[str]:
    slowest = timing.slowest_first(report)[:SLOWEST_SHOWN]
    lines = [f"{test.seconds:>12.1f} s {test.requirement}  {title(test.name)}{of_it(test)}" for test in slowest]
    told = ["slowest:", *lines, f"time: {where_the_time_went(report)}"] if slowest else []
    return [*told, f"machine: {did}"] if (did := what_the_machine_did(report)) else told
