"""What must object when unhealthy containers are not found, not restarted, not well again, or restarted for others."""

import pytest

from checks import test_r9_healing as r9
from checks.conftest import Broken
from checks.controls import sabotages
from checks.evidence import Evidence
from checks.verdict import objections
from stack.subject import Role


@pytest.mark.control("R9", objects="found-unhealthy")
def test_a_health_check_that_cannot_fail_is_noticed(broken: Broken, evidence: Evidence) -> None:
    stack = broken(sabotages.health_check_that_cannot_fail)
    assert objections(evidence.saw(r9.freeze(stack, stack.roles[Role.API]))) == {"found-unhealthy"}


@pytest.mark.control("R9", objects="restarted")
def test_a_missing_healer_is_noticed(broken: Broken, evidence: Evidence) -> None:
    stack = broken(sabotages.no_healer)
    assert objections(evidence.saw(r9.freeze(stack, stack.roles[Role.PROMETHEUS]))) == {"restarted"}


@pytest.mark.control("R9", objects="healthy-again")
def test_a_restart_that_does_not_help_is_noticed(broken: Broken, evidence: Evidence) -> None:
    stack = broken(sabotages.never_well_again)
    assert objections(evidence.saw(r9.freeze(stack, stack.roles[Role.REDIS]))) == {"healthy-again"}


@pytest.mark.control("R9", objects="others-left-alone")
def test_a_restarted_dependent_is_noticed(broken: Broken, evidence: Evidence) -> None:
    stack = broken(sabotages.undeclared_dependency)
    assert objections(evidence.saw(r9.freeze(stack, stack.roles[Role.REDIS]))) == {"others-left-alone"}
