"""However wrong everything looks, no more restarts come than a whole stack may have."""

import math

import pytest

from stack.healer.budget import Budget
from stack.healer.settings import Settings

SETTINGS = Settings(budget_restarts=3, budget_refill_seconds=10)


def spent(*moments: float, settings: Settings = SETTINGS) -> Budget:
    budget = Budget()
    for moment in moments:
        budget = budget.take(moment, settings)
    return budget


def test_it_is_full_until_something_is_spent() -> None:
    assert Budget().left(0, SETTINGS) == Budget().left(10**6, SETTINGS) == 3


def test_what_is_spent_grows_back_and_never_beyond_its_size() -> None:
    budget = spent(100, 100)
    assert [budget.left(now, SETTINGS) for now in (100, 105, 110, 120, 1000)] == [1, 1.5, 2, 3, 3]


@pytest.mark.parametrize(("now", "at"), [(100, 110), (104, 110), (110, 110), (200, 200)])
def test_it_tells_when_there_is_one_to_spend(now: float, at: float) -> None:
    assert spent(100, 100, 100).next_at(now, SETTINGS) == pytest.approx(at)


def test_whoever_always_wants_one_gets_size_and_growth() -> None:
    budget, done, seconds = Budget(), 0, 1000
    for now in range(seconds):
        if budget.left(now, SETTINGS) >= 1:
            budget, done = budget.take(now, SETTINGS), done + 1
    assert done <= SETTINGS.budget_restarts + seconds / SETTINGS.budget_refill_seconds
    assert done >= seconds / SETTINGS.budget_refill_seconds


def test_one_that_grows_back_at_once_is_never_used_up() -> None:
    settings = Settings(budget_restarts=1, budget_refill_seconds=0)
    assert spent(100, 100, 100, settings=settings).left(100, settings) == 1


@pytest.mark.parametrize("refill", [0, 10])
@pytest.mark.parametrize("size", [0, 0.5])
def test_one_too_small_allows_nothing_ever(size: float, refill: float) -> None:
    settings = Settings(budget_restarts=size, budget_refill_seconds=refill)
    assert Budget().left(10**6, settings) < 1
    assert Budget().next_at(100, settings) == math.inf  # a moment that never passes would be looked at all the time
