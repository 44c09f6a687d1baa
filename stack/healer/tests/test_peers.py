"""Whether others' probes pass while those of one are late."""

import math
from collections.abc import Iterator
from itertools import count

import pytest

from stack.healer.container import Container, Probe
from stack.healer.peers import Peers, probed

NUMBERS = count()


def probes(*passed: bool, begin: float = 100, every: float = 4) -> Iterator[Probe]:
    """Some probes, one after another; of those that fail each was late."""
    for number, well in enumerate(passed):
        start = begin + every * number
        yield Probe(start=start, end=start + 1, passed=well, late=not well)


def container(*passed: bool, begin: float = 100) -> Container:
    return Container(id=str(next(NUMBERS)), project="shop", service="any", probes=tuple(probes(*passed, begin=begin)))


SICK = container(False, False, False, False, False)


def test_each_of_the_others_has_a_share_and_it_has_none_itself() -> None:
    others = [container(True, False), container(True), SICK]
    assert probed(SICK, others) == Peers(shares=(0.5, 1.0), rhythm=4)


def test_what_was_probed_before_its_trouble_tells_nothing() -> None:
    before = container(True, True, True, begin=90)  # at 90, 94 and 98
    assert probed(SICK, [before]) == Peers(rhythm=4)


@pytest.mark.parametrize("failed", [0, 1])
def test_too_few_probes_of_its_own_are_not_compared(failed: int) -> None:
    assert probed(container(True, *[False] * failed), [container(True)]) == Peers()


@pytest.mark.parametrize(
    ("shares", "share"),
    [((0.25,), 0.25), ((0.0, 1.0), 1.0), ((0.0, 0.0, 1.0), 0.0), ((0.0, 0.4, 0.2, 0.0), 0.2)],
)
def test_who_is_probed_at_little_cost_does_not_speak_for_all(shares: tuple[float, ...], share: float) -> None:
    assert Peers(shares=shares).share == share


def test_as_many_are_expected_to_pass_as_of_the_others() -> None:
    assert Peers(shares=(0.1,), rhythm=4).expected(200) == pytest.approx(5)
    assert Peers(shares=(0.0,), rhythm=4).expected(10_000) == 0


def test_where_nobody_else_is_probed_nothing_is_held_back() -> None:
    assert Peers(rhythm=4).expected(1) == Peers().expected(1) == math.inf
