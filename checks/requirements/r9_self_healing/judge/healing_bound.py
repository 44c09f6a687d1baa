"""What is asked of the times that a stack declares, from a fault to being healthy again."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from checks.core.place import Places, first_of
from checks.core.registry import judges
from checks.core.verdict import Violation

LONGEST_HEALING = 600.0  # what Docker's own defaults come to is 250 s: 3 x (30 s + 30 s), 10 s to stop, a first probe


@dataclass(frozen=True, kw_only=True)
class HealingBounds:
    """Seconds that each service may take to be found, stopped, and asked once, by its settings.

    They are 0 where files tell of no health check: that there is one is another requirement's business.
    """

    of: Mapping[str, float]
    places: Places = field(default_factory=dict)


@judges(HealingBounds)
def bound_violations(seen: HealingBounds) -> list[Violation]:
    rule, wanted = "healed-within-minutes", f"within {LONGEST_HEALING:g} s"
    if not seen.of:
        return [Violation(rule, seen="no service was looked at", wanted=wanted)]
    slow = {name: seconds for name, seconds in seen.of.items() if seconds > LONGEST_HEALING}
    return [Violation(rule, seen=slow, wanted=wanted, place=first_of(seen.places, slow))] if slow else []
