"""Waiting looks at least once, stops at what it waited for, and gives up in time."""

import time
from itertools import count

from stack.driver.wait import until


def test_what_is_there_at_once_is_not_waited_for() -> None:
    seen = until(lambda: "here", lambda value: value == "here", within=5, every=5)
    assert (seen.value, seen.reached) == ("here", True)
    assert seen.seconds < 1


def test_it_is_looked_until_it_is_there() -> None:
    numbers = count()
    seen = until(lambda: next(numbers), lambda value: value == 3, within=5, every=0.001)
    assert (seen.value, seen.reached, next(numbers)) == (3, True, 4)
    assert seen.seconds >= 0.003


def test_the_last_value_is_told_when_the_time_is_over() -> None:
    started = time.monotonic()
    numbers = count(1)
    seen = until(lambda: next(numbers), lambda _: False, within=0.05, every=0.01)
    assert not seen.reached
    assert seen.value == next(numbers) - 1 > 1
    assert 0.05 <= seen.seconds <= time.monotonic() - started < 1


def test_it_is_looked_once_without_any_time() -> None:
    numbers = count()
    seen = until(lambda: next(numbers), lambda value: value == 1, within=0)
    assert (seen.value, seen.reached) == (0, False)
