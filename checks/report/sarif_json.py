"""report.sarif: the result for code scanning, in SARIF 2.1.0."""

import json
from typing import Any

from checks.core.requirement import Requirement, Rule
from checks.core.results import Result
from checks.report.findings import Finding, controls_of, findings, snippet, undecided
from checks.report.naming import title
from checks.report.words import objection, printable

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
Object = dict[str, Any]


def as_sarif(report: Result) -> str:
    """Show what is violated as results, and what could not be evaluated as notifications of the tool."""
    rules = [(known, rule) for known in report.catalog.requirements for rule in known.rules]
    index = {_rule_id(known, rule): number for number, (known, rule) in enumerate(rules)}
    run: Object = {
        "tool": {
            "driver": {
                "name": "compose-compliance",
                "informationUri": "https://pypi.org/project/compose-compliance/",
                "rules": [_rule(known, rule, snippet(report, rule)) for known, rule in rules],
            }
        },
        "columnKind": "unicodeCodePoints",
        "invocations": [_invocation(report)],
        "results": [_result(found, index) for found in findings(report)],
        "properties": {"verdict": report.verdict},
    }
    return printable(json.dumps({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}, indent=2) + "\n")


def _rule_id(known: Requirement, rule: Rule) -> str:
    return f"{known.id}/{rule.name}"


def _rule(known: Requirement, rule: Rule, shown: str) -> Object:
    told: Object = {
        "id": _rule_id(known, rule),
        "name": "".join(word.capitalize() for word in rule.name.split("-")),
        "shortDescription": {"text": rule.wording},
        "fullDescription": {"text": f"{known.wording} {known.why}"},
        "help": {"text": f"{rule.remedy}\n\n{shown}".strip() or rule.wording, "markdown": _help(rule, shown)},
        "defaultConfiguration": {"level": "error"},
        "properties": {"tags": [known.id, *controls_of(known, rule.name)], "problem.severity": "error"},
    }
    page = next((reference.url for reference in known.references if reference.url), None)
    return told | ({"helpUri": page} if page else {})


def _help(rule: Rule, shown: str) -> str:
    return f"{rule.remedy}\n\n```\n{shown.rstrip()}\n```" if shown else rule.remedy or rule.wording


def _result(found: Finding, index: dict[str, int]) -> Object:
    rule = _rule_id(found.requirement, found.rule)
    told: Object = {
        "ruleId": rule,
        "level": "error",
        "message": {"text": f"{found.rule.wording} {objection(found.violation)}. {found.rule.remedy}".strip()},
        "locations": [_location(found)],
        "partialFingerprints": {"complianceRule/v1": found.fingerprint},
    }
    return told | ({"ruleIndex": index[rule]} if rule in index else {})


def _location(found: Finding) -> Object:
    """A line where files show it; always the check that saw it."""
    name = {"name": title(found.check.name), "fullyQualifiedName": found.check.name, "kind": "function"}
    told: Object = {"logicalLocations": [name]}
    if place := found.place:
        told["physicalLocation"] = {"artifactLocation": {"uri": place.file}}
        if place.line:
            told["physicalLocation"]["region"] = {"startLine": place.line}
    return told


def _invocation(report: Result) -> Object:
    """It was successful when nothing kept it from deciding."""
    reasons = [*report.reasons, *(f"{judged.id} {title(name)}: {why}" for judged, name, why in undecided(report))]
    told: Object = {
        "executionSuccessful": not reasons,
        "toolExecutionNotifications": [{"level": "warning", "message": {"text": reason}} for reason in reasons],
    }
    if report.run and report.run.end:
        told |= {"startTimeUtc": report.run.start, "endTimeUtc": report.run.end}
    return told
