"""report.json: the result for programs."""

import json
from dataclasses import asdict

from checks.core.results import Result


def as_json(report: Result) -> str:
    """Show the result to programs."""
    data = {
        "verdict": report.verdict,
        "reasons": report.reasons,
        "run": asdict(report.run) if report.run else {},
        "requirements": [asdict(requirement) for requirement in report.requirements],
    }
    return json.dumps(data, indent=2) + "\n"
