"""statement.intoto.json: the result as an in-toto statement with the test-result predicate, to be signed."""

import json
from dataclasses import asdict
from typing import Any

from checks.core.requirement import Requirement
from checks.core.results import Result
from checks.core.run import Run
from checks.core.verdict import Verdict
from checks.report.findings import digest

STATEMENT = "https://in-toto.io/Statement/v1"
PREDICATE = "https://in-toto.io/attestation/test-result/v0.1"
TREE_DIGESTS = {"sha256": "treeSha256"}  # of a list of digests, as `harness/inputs.py` makes it
Object = dict[str, Any]


def as_statement(report: Result) -> str:
    """Say of files, images and evidence what came of the tests. What is undecided did not pass: it warns."""
    statement = {
        "_type": STATEMENT,
        "subject": _subjects(report),
        "predicateType": PREDICATE,
        "predicate": {
            "result": _result(report.verdict),
            "configuration": [_configuration(known) for known in report.catalog.requirements],
            **_tests(report),
        },
    }
    return json.dumps(statement, indent=2) + "\n"


def _result(verdict: Verdict) -> str:
    return {Verdict.PROVEN: "PASSED", Verdict.VIOLATED: "FAILED"}.get(verdict, "WARNED")


def _tests(report: Result) -> dict[str, list[str]]:
    names: dict[str, list[str]] = {"passedTests": [], "warnedTests": [], "failedTests": []}
    for found in report.requirements:
        for check in found.checks:
            names[f"{_result(check.verdict).lower()}Tests"].append(check.name)
        for mutation in found.mutations:
            names["passedTests" if mutation.noticed else "warnedTests"].append(mutation.name)
    return names


def _subjects(report: Result) -> list[Object]:
    seen = [asdict(record) for record in report.records]
    evidence = digest(json.dumps(asdict(report.run) if report.run else {}), json.dumps(seen))
    return [*(_of_run(report.run) if report.run else []), {"name": "evidence", "digest": {"sha256": evidence}}]


def _of_run(run: Run) -> list[Object]:
    """The subject's files, where they were hashed, and its images; our own commit says nothing of these."""
    kind, _, value = run.inputs.get("subject", "").partition(":")
    files = {"name": run.subject or "subject", "digest": {TREE_DIGESTS[kind]: value}} if kind in TREE_DIGESTS else None
    told = [files] if files else []
    digests = [(image.name, *image.digest.partition(":")[::2]) for image in dict.fromkeys(run.images)]
    return [*told, *({"name": name, "digest": {kind: value}} for name, kind, value in digests if value)]


def _configuration(known: Requirement) -> Object:
    """A requirement, by a digest of its words and rules: other words are another test."""
    words = [known.wording, *(f"{rule.name}: {rule.wording}" for rule in known.rules)]
    return {"name": known.id, "digest": {"sha256": digest(*words)}}
