"""What is asked of every Redis beside the one whose users are judged."""

from collections.abc import Mapping
from dataclasses import dataclass

from checks.core.registry import judges
from checks.core.verdict import Violation


@dataclass(frozen=True, kw_only=True)
class OtherDoors:
    """Every other Redis of the project that lets in whoever comes, and how that is known.

    `looked_at` are the services asked or read.
    """

    looked_at: tuple[str, ...]
    open: Mapping[str, str]


@judges(OtherDoors)
def other_door_violations(seen: OtherDoors) -> list[Violation]:
    rule, wanted = "other-redis-wants-a-login", "no other Redis that obeys without a login"
    if not seen.looked_at:
        return [Violation(rule, seen="no service was looked at", wanted="the project's services")]
    return [Violation(rule, seen=dict(seen.open), wanted=wanted)] if seen.open else []
