"""annotations.txt: the result as GitHub's workflow commands, to be printed by a step of a workflow."""

from checks.core.results import Result
from checks.report.findings import Finding, findings, undecided
from checks.report.naming import title
from checks.report.words import objection, printable

AT_MOST = 10
"""Of errors, and of warnings, that GitHub shows for a step: the last line says how many more there are."""


def as_annotations(report: Result) -> str:
    """`::error` for each violation, `::warning` for what could not be evaluated, `::notice` for what is left out."""
    errors = [_error(found) for found in findings(report)]
    doubts = [_command("warning", {"title": "undecided"}, reason) for reason in report.reasons]
    doubts += [
        _command("warning", {"title": f"{judged.id} undecided"}, f"{title(name)}: {why}")
        for judged, name, why in undecided(report)
    ]
    more = max(0, len(errors) - AT_MOST) + max(0, len(doubts) - AT_MOST)
    lines = [*errors[:AT_MOST], *doubts[:AT_MOST]]
    lines += [_command("notice", {"title": report.verdict}, f"{more} more in summary.md")] if more else []
    lines += [] if lines else [_command("notice", {"title": "compliance"}, f"verdict: {report.verdict}")]
    return printable("\n".join(lines) + "\n")


def _error(found: Finding) -> str:
    place = found.place
    where: dict[str, str] = {}
    if place:
        where = {"file": place.file} | ({"line": str(place.line)} if place.line else {})
    name = {"title": f"{found.requirement.id} {found.rule.name}"}
    return _command("error", where | name, f"{objection(found.violation)}\n{found.rule.remedy}")


def _command(kind: str, properties: dict[str, str], message: str) -> str:
    """Escape as GitHub's toolkit does, so that what was seen begins no command of its own."""
    told = ",".join(f"{key}={_property(value)}" for key, value in properties.items())
    return f"::{kind} {told}::{_data(message.strip())}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
