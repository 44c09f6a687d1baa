"""Which path was asked is told, where it is not the one that the requirement names."""

from dataclasses import replace

from checks.core.registry import judge
from checks.requirements.r8_health_endpoint.judge import PATH, told_of_path
from checks.requirements.r8_health_endpoint.samples import WELL


def test_another_path_is_told_and_the_usual_one_is_not() -> None:
    assert told_of_path(PATH) == ""
    assert told_of_path("/healthz") == "R8 asked GET /healthz, as the profile says: nothing is said of GET /healthcheck"


def test_a_violation_names_the_path_that_was_asked() -> None:
    (violation,) = judge(replace(WELL, path="/healthz", answers=()))
    assert str(violation.wanted).endswith(" from /healthz")
