"""summary.md: the result where Markdown is read, such as a CI job's summary."""

from checks.core.results import JudgedRequirement, Result
from checks.core.verdict import Verdict
from checks.report import timing
from checks.report.words import SLOWEST_SHOWN, cell, objection, printable, title, where_the_time_went


def as_markdown(report: Result) -> str:
    """Show the result where Markdown is read, such as a CI job's summary."""
    told = [*report.reasons, *(report.run.notes if report.run else ())]
    table = ["| | requirement | verdict | checks | mutations noticed |", "|---|---|---|---|---|"]
    parts = [
        [f"## {report.verdict.capitalize()}"],
        [f"- {cell(sentence)}" for sentence in told],
        [*table, *map(_row, report.requirements)],
        [line for requirement in report.requirements for line in _markdown_troubles(requirement)],
        _markdown_times(report),
    ]
    return printable("\n\n".join("\n".join(part) for part in parts if part) + "\n")


def _markdown_times(report: Result) -> list[str]:
    slowest = timing.slowest_first(report)[:SLOWEST_SHOWN]
    told = " · ".join(f"{test.requirement} {cell(title(test.name))} {test.seconds:.1f} s" for test in slowest)
    return [f"Slowest: {told}. Time: {where_the_time_went(report)}."] if slowest else []


def _row(requirement: JudgedRequirement) -> str:
    proven = sum(check.verdict is Verdict.PROVEN for check in requirement.checks)
    noticed = sum(mutation.noticed for mutation in requirement.mutations)
    return (
        f"| {requirement.id} | {cell(requirement.title)} | **{requirement.verdict}** "
        f"| {proven}/{len(requirement.checks)} | {noticed}/{len(requirement.mutations)} |"
    )


def _markdown_troubles(requirement: JudgedRequirement) -> list[str]:
    lines = [f"- **{requirement.id}** {requirement.note}"] if requirement.note else []
    for check in requirement.checks:
        if check.reason:
            lines.append(f"- **{requirement.id}** {title(check.name)}: {cell(check.reason)}")
        lines += [
            f"- **{requirement.id}** {title(check.name)}: {cell(objection(violation))}"
            for violation in check.violations
        ]
    lines += [
        f"- **{requirement.id}** {title(mutation.name)}: not noticed: {cell(mutation.reason or '')}"
        for mutation in requirement.mutations
        if not mutation.noticed
    ]
    return lines
