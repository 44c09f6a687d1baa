"""assessment-results.json: the result for auditors, as OSCAL assessment results.

OSCAL knows `satisfied` and `not-satisfied` alone. A control of which a requirement could not be decided is
`not-satisfied` with the reason `other`, and says in words that it could not be evaluated.
"""

import json
from collections.abc import Sequence
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from checks.core.requirement import Control
from checks.core.results import JudgedCheck, JudgedRequirement, Result
from checks.core.run import Image
from checks.core.verdict import Verdict
from checks.report.findings import digest
from checks.report.naming import title
from checks.report.words import objection, printable

VERSION = "1.2.1"
NAMESPACE = uuid5(NAMESPACE_URL, "https://pypi.org/project/compose-compliance/")
PROPERTIES = "https://pypi.org/project/compose-compliance/ns/oscal"
NO_TIME = "1970-01-01T00:00:00.000Z"  # where nothing of the run could be read
Object = dict[str, Any]


def as_oscal(report: Result) -> str:
    """Show checks as observations, and each control that the requirements bear on as a finding."""
    start = report.run.start if report.run else NO_TIME
    end = (report.run.end if report.run else None) or start
    document = {
        "uuid": _uuid("document", start, json.dumps([found.verdict for found in report.requirements])),
        "metadata": {
            "title": "Compliance of a Compose project",
            "last-modified": end,
            "version": start,
            "oscal-version": VERSION,
        },
        "import-ap": {"href": "#plan", "remarks": "The plan is the catalogue of requirements that the run judged by."},
        "results": [_result(report, start, end)],
    }
    return printable(json.dumps({"assessment-results": document}, indent=2) + "\n")


def _result(report: Result, start: str, end: str) -> Object:
    told: Object = {
        "uuid": _uuid("result", start),
        "title": f"Verdict: {report.verdict}",
        "description": "; ".join(report.reasons) or f"The run's verdict is {report.verdict}.",
        "start": start,
        "end": end,
        "props": [_property("verdict", report.verdict)],
        "local-definitions": {"components": [_system(report), *_images(report)]},
        "reviewed-controls": {"control-selections": [_selection(report)]},
        "observations": [_observation(found, check, end) for found in report.requirements for check in found.checks],
        "findings": [
            _finding(report, found, control)
            for found in report.requirements
            for control in report.catalog.by_id[found.id].controls
        ],
    }
    return {key: value for key, value in told.items() if value != []}


def _observation(found: JudgedRequirement, check: JudgedCheck, end: str) -> Object:
    seen = [f"{objection(violation)}." for violation in check.violations]
    return {
        "uuid": _uuid("observation", check.name),
        "title": printable(title(check.name)) or check.name,
        "description": printable(" ".join(seen) or check.reason or "Nothing objected to what was seen."),
        "props": [
            _property("requirement", found.id),
            _property("verdict", check.verdict),
            *([_property("tier", check.tier)] if check.tier else []),
        ],
        "methods": ["EXAMINE" if check.tier in {"declared", "built"} else "TEST"],
        "subjects": [{"subject-uuid": _uuid("system"), "type": "component"}],
        "relevant-evidence": [{"href": "observations.jsonl", "description": f"The records of `{check.name}`."}],
        "collected": check.start or end,
    }


def _finding(report: Result, found: JudgedRequirement, control: Control) -> Object:
    """What the requirement says of one control, by the rules that bear on it."""
    state, why = _state(found, control, whole=not report.reasons)
    return {
        "uuid": _uuid("finding", found.id, control.framework, control.item),
        "title": f"{control.framework} {control.item}: {control.title}",
        "description": control.reason,
        "props": [_property("requirement", found.id), _property("verdict", found.verdict)],
        "target": {
            "type": "objective-id",
            "target-id": _token(f"{found.id} {control.framework} {control.item}"),
            "description": f"Rules: {', '.join(_bearing(report, found, control))}.",
            "status": state | {"remarks": why},
        },
        **_related(found.checks),
    }


def _bearing(report: Result, found: JudgedRequirement, control: Control) -> list[str]:
    """Its rules, without those of another runner, which nobody looked at."""
    looked_at = {rule.name for rule in found.rules}
    of_others = {rule.name for rule in report.catalog.by_id[found.id].rules if rule.runner} - looked_at
    return [rule for rule in control.rules if rule not in of_others]


def _state(found: JudgedRequirement, control: Control, *, whole: bool) -> tuple[Object, str]:
    """Satisfied only where every check and mutation of the requirement decided, in a `whole` run."""
    waived = {rule for check in found.checks for rule in check.waived}.intersection(control.rules)
    broken = {one.rule for check in found.checks for one in check.violations}.intersection(control.rules) - waived
    if broken:
        return {"state": "not-satisfied", "reason": "fail"}, f"Violated: {', '.join(sorted(broken))}."
    if waived:
        return {"state": "not-satisfied", "reason": "other"}, f"Waived by its owner: {', '.join(sorted(waived))}."
    undecided = any(check.verdict is Verdict.UNDECIDED for check in found.checks)
    decided = found.checks and not undecided and found.note is None
    if whole and decided and all(mutation.noticed for mutation in found.mutations):
        return {"state": "satisfied", "reason": "pass"}, "Nothing objected by the rules that bear on it."
    return {"state": "not-satisfied", "reason": "other"}, "Could not be evaluated: this is no finding of a fault."


def _related(checks: Sequence[JudgedCheck]) -> Object:
    related = [{"observation-uuid": _uuid("observation", check.name)} for check in checks]
    return {"related-observations": related} if related else {}


def _selection(report: Result) -> Object:
    judged = [report.catalog.by_id[found.id] for found in report.requirements]
    controls = sorted({_token(f"{found.framework} {found.item}") for known in judged for found in known.controls})
    return {"include-controls": [{"control-id": name} for name in controls]} if controls else {"include-all": {}}


def _system(report: Result) -> Object:
    subject = (report.run.subject if report.run else None) or "subject not described"
    digest = (report.run.inputs if report.run else {}).get("subject")
    return {
        "uuid": _uuid("system"),
        "type": "this-system",
        "title": printable(subject),
        "description": "The Compose project that was looked at.",
        **({"props": [_property("tree-digest", digest)]} if digest else {}),
        "status": {"state": "operational"},
    }


def _images(report: Result) -> list[Object]:
    """Each once: a run names an image for every service that has it."""
    return [_image(image) for image in dict.fromkeys(report.run.images if report.run else ())]


def _image(image: Image) -> Object:
    return {
        "uuid": _uuid("image", image.name, image.digest),
        "type": "software",
        "title": printable(image.name),
        "description": f"An image of the run: {image.source}.",
        "props": [_property("digest", image.digest)],
        "status": {"state": "operational"},
    }


def _property(name: str, value: str) -> Object:
    return {"name": name, "ns": PROPERTIES, "value": printable(value).strip() or "-"}


def _token(text: str) -> str:
    """OSCAL's tokens begin with a letter and have no space or bracket."""
    return "".join(one if one.isalnum() or one in "-_." else "_" for one in text.lower())


def _uuid(*parts: str) -> str:
    """Of what it names, so that the same evidence gives the same document."""
    return str(uuid5(NAMESPACE, digest(*parts)))
