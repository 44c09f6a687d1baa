"""The result in a terminal."""

from checks.core.results import JudgedRequirement, Result
from checks.core.verdict import Verdict
from checks.report import timing
from checks.report.words import (
    SLOWEST_SHOWN,
    indented,
    objection,
    of_it,
    printable,
    sentence,
    title,
    where_the_time_went,
)


def as_terminal(report: Result) -> str:
    """Show the result in a terminal: a line per requirement, what objected, and where the time went."""
    lines = [line for requirement in report.requirements for line in _terminal_lines(requirement)]
    lines += _terminal_times(report)
    lines += [f"reason: {reason}" for reason in report.reasons if reason not in sentence(report)]
    lines += [f"note: {note}" for note in (report.run.notes if report.run else ())]
    return printable("\n".join([*lines, sentence(report)]) + "\n")


def _terminal_lines(requirement: JudgedRequirement) -> list[str]:
    lines = [f"{requirement.verdict:<15}{requirement.id}  {requirement.title}"]
    lines += [indented(requirement.note)] if requirement.note else []
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


def _terminal_times(report: Result) -> list[str]:
    slowest = timing.slowest_first(report)[:SLOWEST_SHOWN]
    lines = [f"{test.seconds:>12.1f} s {test.requirement}  {title(test.name)}{of_it(test)}" for test in slowest]
    return ["slowest:", *lines, f"time: {where_the_time_went(report)}"] if slowest else []
