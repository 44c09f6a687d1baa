"""Judges are found by the class of what was seen, and stored data is taken at its word or not at all."""

from dataclasses import dataclass

import pytest

from checks.core.codec import UnfitError, as_data
from checks.core.registry import judge, judges, rebuild
from checks.core.tests.sample_run import HEALED, KEPT, LOST, SampleKept
from checks.core.verdict import Violation


def test_a_judge_is_found_by_the_class_of_the_observation() -> None:
    assert judge(KEPT) == []
    assert judge(LOST) == [Violation("restart-keeps", seen=LOST.read_back, wanted=LOST.written)]


@pytest.mark.parametrize("observation", [KEPT, HEALED])
def test_a_stored_observation_comes_back_as_it_was(observation: object) -> None:
    assert rebuild(type(observation).__name__, as_data(observation)) == observation


@pytest.mark.parametrize(
    "data",
    [
        {"written": ["one"]},
        {"written": ["one"], "read_back": ["one"], "more": 1},
        {"written": [1], "read_back": ["one"]},
        {"written": "one", "read_back": ["one"]},
        {},
    ],
)
def test_data_that_is_not_the_observation_is_refused(data: dict[str, object]) -> None:
    with pytest.raises(UnfitError, match="not a `SampleKept`"):
        rebuild("SampleKept", data)


def test_a_field_left_out_is_not_replaced_by_its_default() -> None:
    data = as_data(HEALED)
    del data["bound_s"]
    with pytest.raises(UnfitError, match="a field is missing"):
        rebuild("SampleHealed", data)


def test_an_observation_that_nothing_judges_is_refused() -> None:
    with pytest.raises(UnfitError, match="nothing judges `Unheard`"):
        rebuild("Unheard", {})


def test_an_observation_unlike_its_declaration_is_refused() -> None:
    with pytest.raises(UnfitError, match="does not hold what it declares"):
        as_data(SampleKept(written=(1,), read_back=()))  # type: ignore[arg-type]


def test_two_observations_of_one_name_are_refused() -> None:
    @dataclass(frozen=True, kw_only=True)
    class SampleKept:
        other: int

    with pytest.raises(UnfitError, match="two observations are called `SampleKept`"):
        judges(SampleKept)(lambda _: [])
