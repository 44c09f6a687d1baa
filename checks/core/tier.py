"""Tiers of evidence: what a check needs to be there. A check's tier is the name of its file."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path


class Tier(StrEnum):
    """From cheap to dear; each has what those before it have."""

    DECLARED = "declared"
    """Files alone: no engine, seconds."""
    BUILT = "built"
    """An image; nothing runs."""
    RUNNING = "running"
    """A stack that was started once."""
    EXERCISED = "exercised"
    """A stack that is restarted, broken, and cut off from its power."""

    def within(self, limit: Tier) -> bool:
        """Whether a run up to that tier has this one."""
        order = list(Tier)
        return order.index(self) <= order.index(limit)


def tier_of(file: Path) -> Tier | None:
    """`test_running.py` is of the tier running; another file has none."""
    return next((tier for tier in Tier if file.name == f"test_{tier}.py"), None)
