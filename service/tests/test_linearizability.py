"""The checker objects to what cannot have happened, and to nothing else."""

from collections.abc import Sequence
from itertools import permutations
from math import inf

import pytest
from hypothesis import given
from hypothesis import settings as effort
from hypothesis import strategies as st

from service.tests.linearizability import Operation, is_linearizable


def put(value: str, called: float, returned: float = inf, *, was_there: bool | None = None) -> Operation:
    return Operation(kind="put", value=value, called=called, returned=returned, was_there=was_there)


def got(value: str | None, called: float, returned: float) -> Operation:
    return Operation(kind="get", value=value, called=called, returned=returned)


POSSIBLE = {
    "nothing": [],
    "in turn": [put("a", 0, 1, was_there=False), got("a", 2, 3), put("b", 4, 5, was_there=True)],
    "read while written": [put("a", 0, 3, was_there=False), got("a", 1, 2), got("a", 4, 5)],
    "not yet written": [put("a", 0, 3, was_there=False), got(None, 1, 2)],
    "unknown, and done late": [put("a", 0), got(None, 1, 2), got("a", 3, 4)],
    "unknown, and not done": [put("a", 0), got(None, 1, 2), put("b", 3, 4, was_there=False)],
}
IMPOSSIBLE = {
    "lost": [put("a", 0, 1, was_there=False), got(None, 2, 3)],
    "stale": [put("a", 0, 1), put("b", 2, 3), got("a", 4, 5)],
    "back again": [put("a", 0, 1), put("b", 2), got("b", 3, 4), got("a", 5, 6)],
    "from nowhere": [put("a", 0, 1), got("z", 2, 3)],
    "read before it was asked for": [got("a", 0, 1), put("a", 2, 3)],
    "new twice": [put("a", 0, 3, was_there=False), put("b", 1, 2, was_there=False)],
    "there before all": [put("a", 0, 1, was_there=True)],
}


@pytest.mark.parametrize("history", POSSIBLE.values(), ids=POSSIBLE)
def test_what_can_have_happened_is_accepted(history: Sequence[Operation]) -> None:
    assert is_linearizable(history)


@pytest.mark.parametrize("history", IMPOSSIBLE.values(), ids=IMPOSSIBLE)
def test_what_cannot_have_happened_is_refused(history: Sequence[Operation]) -> None:
    assert not is_linearizable(history)


moments = st.integers(0, 8)
operations = st.builds(
    lambda kind, value, called, lasts, there: Operation(
        kind=kind,
        value=value,
        called=called,
        returned=called + lasts if lasts or kind == "get" else inf,
        was_there=there if lasts and kind == "put" else None,
    ),
    st.sampled_from(["put", "get"]),
    st.sampled_from(["a", "b"]),
    moments,
    st.integers(0, 4),
    st.sampled_from([None, True, False]),
)


@effort(derandomize=True, max_examples=1000, deadline=None)
@given(st.lists(operations, max_size=5))
def test_the_search_finds_what_trying_every_order_finds(history: list[Operation]) -> None:
    assert is_linearizable(history) == any_order_explains(history)


def any_order_explains(history: Sequence[Operation]) -> bool:
    """By brute force: every order of everything that returned, with any of the rest."""
    required = {place for place, one in enumerate(history) if one.returned < inf}
    places = range(len(history))
    chosen = (order for length in range(len(history) + 1) for order in permutations(places, length))
    return any(explains([history[place] for place in order]) for order in chosen if required <= set(order))


def explains(order: Sequence[Operation]) -> bool:
    value = None
    for place, one in enumerate(order):
        if any(later.returned < one.called for later in order[place + 1 :]) or not one.fits(value):
            return False
        value = one.value
    return True
