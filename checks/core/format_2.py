"""Evidence of before 0.2.0, format 2, as format 3 has it: mutations were called controls, and checks had no tier.

Goes with the release after 0.2.0.
"""

from __future__ import annotations

from typing import Any

FORMAT = 2


def upgraded(data: dict[str, Any]) -> dict[str, Any]:
    """A run, an outcome or a record of format 2."""
    if "format" in data:
        planned = {name: [_named(plan) | {"tier": None} for plan in data[name]] for name in ("planned", "left_out")}
        return data | planned | {"format": FORMAT + 1}
    if "control" in data:
        return {("mutation" if name == "control" else name): value for name, value in data.items()}
    return _named(data)


def _named(data: dict[str, Any]) -> dict[str, Any]:
    return data | {"kind": "mutation" if data["kind"] == "control" else data["kind"]}
