"""What is asked of a Redis on Swarm, whose data lie on one node."""

from dataclasses import dataclass

from checks.core.place import Place
from checks.core.registry import judges
from checks.core.verdict import Violation

RULE = "swarm-stays-with-its-data"


@dataclass(frozen=True, kw_only=True)
class Placed:
    """What Redis writes to that one node has, how many tasks it is to have ('one a node' of a global service), and by
    what it is kept on that node."""

    service: str
    data: tuple[str, ...]
    tasks: str
    constraints: tuple[str, ...]
    place: Place | None = None


@judges(Placed)
def placement_violations(seen: Placed) -> list[Violation]:
    if seen.data and seen.tasks == "1" and seen.constraints:
        return []
    told = (
        f"{seen.tasks} tasks at {', '.join(seen.data) or 'nothing'}, kept by {', '.join(seen.constraints) or 'nothing'}"
    )
    return [
        Violation(RULE, seen=f"{seen.service}: {told}", wanted="1 task, kept on the node of its data", place=seen.place)
    ]
