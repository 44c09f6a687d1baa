"""Whether what clients saw of one key can have happened one after the other: the search of Wing and Gong."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import inf
from typing import Literal

# So far as known: which operations have taken effect, as bits, and the value that they left.
Node = tuple[int, str | None]


@dataclass(frozen=True, kw_only=True, slots=True)
class Operation:
    """What a client asked about a key, when, and what it was told."""

    kind: Literal["put", "get"]
    value: str | None  # written, or read
    called: float
    returned: float = inf  # for ever where nobody knows whether it was done, or whether it still will be
    was_there: bool | None = None  # what 200 and 201 say

    def fits(self, before: str | None) -> bool:
        """Whether it can have been told this of a key with that value."""
        if self.kind == "get":
            return self.value == before
        return self.was_there in {None, before is not None}


def is_linearizable(history: Sequence[Operation]) -> bool:
    """Whether some order, in which nothing comes before what had returned when it was called, explains every answer.

    What never returned may stand anywhere after its call, or nowhere.
    """
    required = sum(1 << place for place, one in enumerate(history) if one.returned < inf)
    seen: set[Node] = set()
    found: list[Node] = [(0, None)]
    while found:
        node = found.pop()
        if node[0] & required == required:
            return True
        if node not in seen:
            seen.add(node)
            found += _next(history, *node)
    return False


def _next(history: Sequence[Operation], done: int, value: str | None) -> Iterator[Node]:
    """What may come next, the most urgent last: that is tried first."""
    left = [(place, one) for place, one in enumerate(history) if not done >> place & 1]
    first_return = min(one.returned for _, one in left)
    for place, one in sorted(left, key=lambda placed: -placed[1].returned):
        if one.called <= first_return and one.fits(value):
            yield done | 1 << place, one.value
