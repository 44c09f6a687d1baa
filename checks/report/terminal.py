"""The result in a terminal."""

from collections.abc import Container, Mapping

from checks.core.results import JudgedCheck, JudgedRequirement, Result
from checks.core.verdict import Verdict
from checks.report import timing
from checks.report.findings import findings
from checks.report.naming import title
from checks.report.words import (
    SLOWEST_SHOWN,
    causes,
    indented,
    objection,
    of_it,
    printable,
    second_try,
    sentence,
    set_aside,
    stands_at,
    waiver,
    what_the_machine_did,
    where_the_time_went,
)

CONTINUED = " " * 19 + "| "  # before each further line of an entry
OBJECTIONS_SHOWN = 3  # of a requirement, on a project that does not start
REMEDIES_SHOWN = 6  # a terminal has few lines, and the page has them all
SKIPPED = "skipped: "
SLOW = 1.0  # seconds; what took less is not worth a line


def as_terminal(report: Result) -> str:
    """Show the result in a terminal: a line per requirement, what objected, and where the time went."""
    shared = causes(report)
    most = OBJECTIONS_SHOWN if shared else None  # where much was not tried, what keeps it from that is to be seen
    lines = [line for requirement in report.requirements for line in _terminal_lines(requirement, shared, most)]
    lines += [_terminal_cause(reason, checks) for reason, checks in shared.items()]
    lines += _remedies(report, OBJECTIONS_SHOWN if shared else REMEDIES_SHOWN)
    lines += [] if shared else _terminal_times(report)  # where much was not tried, times tell nothing
    lines += [f"reason: {reason}" for reason in report.reasons if reason not in sentence(report)]
    lines += [f"waiver: {waiver(one)}" for one in report.waivers]
    lines += [f"note: {note}" for note in (report.run.notes if report.run else ())]
    return "\n".join(map(_one_entry, [*lines, sentence(report)])) + "\n"


def _one_entry(text: str) -> str:
    """Whoever is quoted in it begins no line: a CI service reads `::error::` there, and a person `verdict: proven`."""
    first, *more = printable(text).replace("\r", "\\x0d").split("\n")
    return "\n".join([first, *(f"{CONTINUED}{line}" for line in more)])


def _terminal_cause(reason: str, checks: Mapping[str, int]) -> str:
    """What kept several checks from being tried: once, with how many of each requirement."""
    told = ", ".join(f"{count} of {requirement}" for requirement, count in checks.items())
    kept = f"kept {sum(checks.values())} checks from being tried: {told}"
    return f"cause: {reason.removeprefix(SKIPPED)} ({kept})"


def _terminal_lines(
    requirement: JudgedRequirement, shared: Container[str | None], most: int | None = None
) -> list[str]:
    note = f" ({requirement.note})" if requirement.note else ""
    lines = [f"{requirement.verdict:<15}{requirement.id}  {requirement.title}{note}"]
    for test in timing.judged(requirement):
        lines += [indented(f"{test.name}: {second_try(test.first_try)}")] if test.first_try else []
    decided = most is not None and requirement.verdict == Verdict.VIOLATED
    for check in requirement.checks:
        if check.reason and check.reason not in shared and not (decided and _was_not_tried(check)):
            lines.append(indented(f"{check.name}: {check.reason}"))
    lines += _objections(requirement, most)
    lines += [
        indented(f"{mutation.name}: not noticed: {mutation.reason}")
        for mutation in requirement.mutations
        if not mutation.noticed
    ]
    return lines


def _was_not_tried(check: JudgedCheck) -> bool:
    """Beside what objected that says little; a crash is always told."""
    return check.verdict == Verdict.NOT_APPLICABLE or (check.reason or "").startswith(SKIPPED)


def _objections(requirement: JudgedRequirement, most: int | None) -> list[str]:
    """What objected, once where two tiers saw the same; at most so many."""
    places: dict[str, str] = {}
    for check in requirement.checks:
        for one in check.violations:
            told = f"{objection(one)}{set_aside(check, one)}"
            places[told] = places.get(told) or stands_at(one)
    every = [indented(f"{told}{place}") for told, place in places.items()]
    return every if most is None else _at_most(most, every)


def _at_most(most: int, lines: list[str]) -> list[str]:
    """The first of them, the last of which says how many there are more: a terminal has few lines."""
    more = len(lines) - most
    return [*lines[: most - 1], f"{lines[most - 1]}; and {more} more, in report.html"] if more > 0 else lines


def _remedies(report: Result, most: int) -> list[str]:
    """For each rule that does not hold, once, what to do."""
    rules = {(found.requirement.id, found.rule) for found in findings(report) if found.rule.remedy}
    every = sorted(rules, key=lambda one: (one[0], one[1].name))
    return _at_most(most, [f"{'to do':<15}{known}  {rule.name}: {rule.remedy}" for known, rule in every])


def _terminal_times(report: Result) -> list[str]:
    slowest = [test for test in timing.slowest_first(report) if test.seconds >= SLOW][:SLOWEST_SHOWN]
    lines = [f"{test.seconds:>12.1f} s {test.requirement}  {title(test.name)}{of_it(test)}" for test in slowest]
    told = [*(["slowest:"] if lines else []), *lines, f"time: {where_the_time_went(report)}"] if report.run else []
    return [*told, f"machine: {did}"] if (did := what_the_machine_did(report)) else told
