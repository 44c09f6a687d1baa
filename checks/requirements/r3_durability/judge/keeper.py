"""What is asked of who keeps the data: that there is one."""

from dataclasses import dataclass

from checks.core.presence import Presence, absence
from checks.core.registry import judges
from checks.core.verdict import Violation


@dataclass(frozen=True, kw_only=True)
class Keeper(Presence):
    """The Redis that keeps the data."""


@judges(Keeper)
def keeper_violations(seen: Keeper) -> list[Violation]:
    return absence("redis-keeps-the-data", seen, "nothing keeps the data")
