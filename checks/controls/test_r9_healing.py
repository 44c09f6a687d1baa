"""What must object when unhealthy containers are not found, not healed, or others are, or ended ones stay away."""

import pytest

from checks import test_r9_healing
from checks.controls import sabotages
from checks.core.evidence import Evidence
from checks.core.verdict import objections
from checks.harness.fixtures import Broken
from checks.subject.profile import Role


@pytest.mark.control("R9", objects="found-unhealthy")
def test_a_health_check_that_cannot_fail_is_noticed(broken: Broken, evidence: Evidence) -> None:
    stack = broken(sabotages.health_check_that_cannot_fail)
    assert objections(evidence.saw(test_r9_healing.hurt(stack, stack.roles[Role.API], "frozen"))) == {"found-unhealthy"}


@pytest.mark.control("R9", objects="restarted")
def test_a_missing_healer_is_noticed(broken: Broken, evidence: Evidence) -> None:
    stack = broken(sabotages.no_healer)
    assert objections(evidence.saw(test_r9_healing.hurt(stack, stack.roles[Role.PROMETHEUS], "frozen"))) == {
        "restarted"
    }


@pytest.mark.control("R9", objects="healthy-again")
def test_a_restart_that_does_not_help_is_noticed(broken: Broken, evidence: Evidence) -> None:
    stack = broken(sabotages.never_well_again)
    assert objections(evidence.saw(test_r9_healing.hurt(stack, stack.roles[Role.REDIS], "frozen"))) == {"healthy-again"}


@pytest.mark.control("R9", objects="others-left-alone")
def test_a_restarted_dependent_is_noticed(broken: Broken, evidence: Evidence) -> None:
    stack = broken(sabotages.undeclared_dependency)
    assert objections(evidence.saw(test_r9_healing.hurt(stack, stack.roles[Role.REDIS], "frozen"))) == {
        "others-left-alone"
    }


@pytest.mark.control("R9", objects="clean-exit-comes-back")
def test_a_policy_for_failures_only_is_noticed(broken: Broken, evidence: Evidence) -> None:
    stack = broken(sabotages.restarted(Role.API, "on-failure"))
    assert objections(evidence.saw(test_r9_healing.end(stack, stack.roles[Role.API], "clean-exit"))) == {
        "clean-exit-comes-back"
    }


@pytest.mark.control("R9", objects="crash-comes-back")
def test_a_missing_policy_is_noticed_after_a_crash(broken: Broken, evidence: Evidence) -> None:
    stack = broken(sabotages.restarted(Role.REDIS, "no"))
    assert objections(evidence.saw(test_r9_healing.end(stack, stack.roles[Role.REDIS], "crash"))) == {
        "crash-comes-back"
    }


@pytest.mark.control("R9", objects="oom-kill-comes-back")
def test_a_missing_policy_is_noticed_after_an_oom_kill(broken: Broken, evidence: Evidence) -> None:
    stack = broken(sabotages.restarted(Role.PROMETHEUS, "no"))
    assert objections(evidence.saw(test_r9_healing.end(stack, stack.roles[Role.PROMETHEUS], "oom-kill"))) == {
        "oom-kill-comes-back"
    }


@pytest.mark.control("R9", objects="crash-at-start-comes-back")
def test_a_policy_that_gives_up_is_noticed(broken: Broken, evidence: Evidence) -> None:
    stack = broken(sabotages.restarted(Role.API, "on-failure:2"))
    seen = evidence.saw(test_r9_healing.end(stack, stack.roles[Role.API], "crash-at-start"))
    assert objections(seen) == {"crash-at-start-comes-back"}
