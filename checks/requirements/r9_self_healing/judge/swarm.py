"""What is asked of restart policies and updates on Swarm."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from checks.core.place import Places, first_of
from checks.core.registry import judges
from checks.core.verdict import Violation

ALWAYS = "any"


@dataclass(frozen=True, kw_only=True)
class Restarting:
    """{service that is to go on: what becomes of a task that ended}."""

    of: Mapping[str, str]
    places: Places = field(default_factory=dict)


@judges(Restarting)
def restarting_violations(seen: Restarting) -> list[Violation]:
    left = {name: how for name, how in seen.of.items() if how != ALWAYS}
    if seen.of and not left:
        return []
    place = first_of(seen.places, left)
    return [Violation("swarm-restarts-what-ends", seen=left or "no service", wanted=f"{ALWAYS}, no limit", place=place)]


@dataclass(frozen=True, kw_only=True)
class Update:
    """How a service of so many tasks is updated, so many at once (0: all).

    `beside` says whether a new task can work beside the old one; a service with one task on each node has none at once.
    """

    tasks: int
    at_once: int
    order: str
    failure_action: str
    beside: bool

    @property
    def leaves_a_task(self) -> bool:
        """Whether one works meanwhile, or could not."""
        return not self.beside or self.order == "start-first" or 0 < self.at_once < self.tasks


@dataclass(frozen=True, kw_only=True)
class Updates:
    """{service, the api or one of several tasks: how it is updated}."""

    of: Mapping[str, Update]
    places: Places = field(default_factory=dict)


@judges(Updates)
def update_violations(seen: Updates) -> list[Violation]:
    none = "no service"
    away = {
        name: f"{one.order}, {one.at_once or 'all'} at once" for name, one in seen.of.items() if not one.leaves_a_task
    }
    kept = {name: one.failure_action for name, one in seen.of.items() if one.failure_action != "rollback"}
    found = []
    if away or not seen.of:
        wanted, place = "start-first", first_of(seen.places, away)
        found.append(Violation("swarm-update-leaves-a-task", seen=away or none, wanted=wanted, place=place))
    if kept or not seen.of:
        wanted, place = "rollback", first_of(seen.places, kept)
        found.append(Violation("swarm-update-rolls-back", seen=kept or none, wanted=wanted, place=place))
    return found
