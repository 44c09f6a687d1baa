"""gl-code-quality-report.json: the result for GitLab's code quality widget."""

import json
from collections.abc import Iterator
from typing import Any

from checks.core.results import Result
from checks.report.findings import Finding, digest, findings, undecided
from checks.report.naming import title
from checks.report.words import objection, printable

Issue = dict[str, Any]


def as_code_quality(report: Result) -> str:
    """Show each violation as an issue, and each doubt as one: an empty list would say that all is well."""
    issues = [*map(_issue, findings(report)), *_doubts(report)]
    return printable(json.dumps(issues, indent=2) + "\n")


def _issue(found: Finding) -> Issue:
    """GitLab wants a path and a line: without one, the check that saw it."""
    file = found.place.file if found.place else found.check.name.partition("::")[0]
    line = (found.place.line if found.place else None) or 1
    return {
        "type": "issue",
        "check_name": f"{found.requirement.id}/{found.rule.name}",
        "description": f"{found.rule.wording} {objection(found.violation)}",
        "content": {"body": f"{found.rule.remedy}\n\n```\n{found.snippet.rstrip()}\n```"},
        "categories": ["Security" if found.requirement.controls else "Bug Risk"],
        "severity": "major",
        "fingerprint": found.fingerprint,
        "location": {"path": file, "lines": {"begin": line}},
    }


def _doubts(report: Result) -> Iterator[Issue]:
    subject = (report.run.subject if report.run else None) or "subject not described"
    for reason in report.reasons:
        yield _doubt(reason, digest("undecided", reason), subject)
    for judged, name, why in undecided(report):
        yield _doubt(f"{judged.id} {title(name)}: {why}", digest("undecided", name), name.partition("::")[0])


def _doubt(text: str, fingerprint: str, path: str) -> Issue:
    return {
        "type": "issue",
        "check_name": "undecided",
        "description": f"Could not be evaluated: {text}",
        "categories": ["Bug Risk"],
        "severity": "info",
        "fingerprint": fingerprint,
        "location": {"path": path, "lines": {"begin": 1}},
    }
