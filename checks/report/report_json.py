"""report.json: the result for programs."""

import json
from dataclasses import asdict
from typing import Any

from checks.core.results import Result
from checks.core.verdict import Json


def as_json(report: Result) -> str:
    """Show the result to programs."""
    data: dict[str, Any] = {
        "verdict": report.verdict,
        "reasons": report.reasons,
        "run": asdict(report.run) if report.run else {},
        "waivers": [asdict(one) for one in report.waivers],
        "requirements": [asdict(requirement) for requirement in report.requirements],
    }
    for requirement in data["requirements"]:
        for check in requirement["checks"]:
            check["violations"] = [_violation(one) for one in check["violations"]]
    return json.dumps(data, indent=2) + "\n"


def _violation(told: dict[str, Json]) -> dict[str, Json]:
    """What a program is told of it, with file and line where it stands in one; whether it was late is judged by now."""
    place = told["place"] if isinstance(told["place"], dict) else {}
    return {name: told[name] for name in ("rule", "seen", "wanted")} | {
        name: value for name, value in place.items() if value is not None
    }
