"""summary.md: the result where Markdown is read, such as a comment on a pull request or a CI job's summary."""

from collections.abc import Iterable, Iterator

from checks.core.results import JudgedCheck, JudgedMutation, JudgedRequirement, Result
from checks.core.tier import Tier
from checks.core.verdict import Verdict
from checks.report import timing
from checks.report.findings import Finding, findings, undecided
from checks.report.naming import title
from checks.report.words import (
    SLOWEST_SHOWN,
    causes,
    cell,
    objection,
    printable,
    proven_rules,
    second_try,
    waiver,
    what_the_machine_did,
    where_the_time_went,
)

LIMIT = 60_000
"""Bytes: GitHub takes comments of 65536 characters."""
SENTENCE_LIMIT = 1_000
SHOWN_OF_A_RULE = 3  # violations, each with what was seen


def as_markdown(report: Result) -> str:
    """Say what failed, what to do about it, and how the rest stands, in at most LIMIT bytes."""
    return _within(LIMIT, [f"## {report.verdict.capitalize()}", *_blocks(report)])


def _blocks(report: Result) -> Iterator[str]:
    """Paragraphs, the ones that matter first, none of which is ever cut in two."""
    told = [*report.reasons, *map(waiver, report.waivers), *(report.run.notes if report.run else ())]
    if told:
        yield "\n".join(f"- {_sentence(sentence)}" for sentence in told[:SHOWN_OF_A_RULE])
    yield _table(report)
    yield from _what_failed(report)
    yield from _proven(report)
    yield from (f"- **{found.id}** {_sentence(found.note)}" for found in report.requirements if found.note)
    yield from _undecided(report)
    yield from (line for found in report.requirements for line in _second_tries(found))
    yield from (f"- {_sentence(sentence)}" for sentence in told[SHOWN_OF_A_RULE:])
    yield from _times(report)


def _undecided(report: Result) -> Iterator[str]:
    """What kept several checks from a verdict once, and what kept one by its name."""
    shared = causes(report)
    for reason, checks in shared.items():
        told = ", ".join(f"{count} of {requirement}" for requirement, count in checks.items())
        yield f"- not decided: {told}: {_sentence(reason)}"
    for found, name, why in undecided(report):
        if why not in shared:
            yield f"- **{found.id}** {cell(title(name))}: undecided: {_sentence(why)}"


def _what_failed(report: Result) -> Iterator[str]:
    by_rule: dict[tuple[str, str], list[Finding]] = {}
    for found in findings(report):
        by_rule.setdefault((found.requirement.id, found.rule.name), []).append(found)
    yield from (_rule(of_rule) for of_rule in by_rule.values())


def _rule(of_rule: list[Finding]) -> str:
    first = of_rule[0]
    lines = [f"### {first.requirement.id} `{first.rule.name}`: {cell(first.rule.wording)}", ""]
    lines += [_seen(found) for found in of_rule[:SHOWN_OF_A_RULE]]
    more = len(of_rule) - SHOWN_OF_A_RULE
    lines += [f"- and {more} more"] if more > 0 else []
    if first.rule.remedy:
        lines += ["", f"**What to do:** {_sentence(first.rule.remedy)}"]
    if first.snippet:
        lines += ["", "```", first.snippet.rstrip(), "```"]
    return "\n".join(lines)


def _seen(found: Finding) -> str:
    place = found.place
    where = f"`{place.file}{f':{place.line}' if place.line else ''}` " if place else ""
    return f"- {where}{cell(title(found.check.name))}: {_sentence(objection(found.violation))}"


def _table(report: Result) -> str:
    table = ["| | requirement | verdict | checks | mutations noticed |", "|---|---|---|---|---|"]
    return "\n".join([*table, *map(_row, report.requirements)])


def _row(requirement: JudgedRequirement) -> str:
    proven = sum(check.verdict is Verdict.PROVEN for check in requirement.checks)
    noticed = sum(mutation.noticed for mutation in requirement.mutations)
    return (
        f"| {requirement.id} | {cell(requirement.title)} | **{requirement.verdict}** "
        f"| {proven}/{len(requirement.checks)} | {noticed}/{len(requirement.mutations)} |"
    )


def _proven(report: Result) -> Iterator[str]:
    """The rules that were proven, tier by tier: files alone prove less than a stack that was broken and came back."""
    for requirement in report.requirements:
        found = proven_rules(requirement)
        tiers = [(tier, [name for name, at in found.items() if at == tier]) for tier in (*Tier, "no tier")]
        if told := [f"{tier}: {', '.join(f'`{name}`' for name in names)}" for tier, names in tiers if names]:
            yield f"- **{requirement.id}** proven, {' · '.join(told)}"


def _times(report: Result) -> list[str]:
    slowest = timing.slowest_first(report)[:SLOWEST_SHOWN]
    told = " · ".join(f"{test.requirement} {cell(title(test.name))} {test.seconds:.1f} s" for test in slowest)
    lines = [f"Slowest: {told}. Time: {where_the_time_went(report)}."] if slowest else []
    return [*lines, f"Machine: {did}."] if (did := what_the_machine_did(report)) else lines


def _second_tries(requirement: JudgedRequirement) -> Iterator[str]:
    tried: list[JudgedCheck | JudgedMutation] = [*requirement.checks, *requirement.mutations]
    for one in tried:
        if one.first_try:
            yield f"- **{requirement.id}** {cell(title(one.name))}: {_sentence(second_try(one.first_try))}"


def _sentence(text: str) -> str:
    return cell(text if len(text) <= SENTENCE_LIMIT else text[:SENTENCE_LIMIT] + "…")


def _within(limit: int, blocks: Iterable[str]) -> str:
    """As many blocks as fit, and how many did not."""
    kept, left_out, room = [], 0, limit - 200
    for block in map(printable, blocks):
        if (size := len(block.encode()) + 2) <= room:
            kept.append(block)
            room -= size
        else:
            left_out += 1
    told = [f"{left_out} more paragraphs do not fit here: report.html has them."] if left_out else []
    return "\n\n".join([*kept, *told]) + "\n"
