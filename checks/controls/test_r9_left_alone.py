"""What must object when what somebody did by hand is undone, or a service is restarted for what passes by itself."""

import pytest

from checks import test_r9_left_alone
from checks.controls import sabotages
from checks.core.evidence import Evidence
from checks.core.verdict import objections
from checks.harness.fixtures import Broken
from checks.subject.profile import Role


@pytest.mark.control("R9", objects="stop-left-alone")
def test_a_stop_that_is_undone_is_noticed(broken: Broken, evidence: Evidence) -> None:
    stack = broken(sabotages.eager_healer)
    assert objections(evidence.saw(test_r9_left_alone.leave(stack, stack.roles[Role.PROMETHEUS], "stopped"))) == {
        "stop-left-alone"
    }


@pytest.mark.control("R9", objects="pause-left-alone")
def test_a_pause_that_is_undone_is_noticed(broken: Broken, evidence: Evidence) -> None:
    stack = broken(sabotages.eager_healer)
    assert objections(evidence.saw(test_r9_left_alone.leave(stack, stack.roles[Role.PROMETHEUS], "paused"))) == {
        "pause-left-alone"
    }


@pytest.mark.control("R9", objects="stall-left-alone")
def test_a_restart_for_a_stall_is_noticed(broken: Broken, evidence: Evidence) -> None:
    stack = broken(sabotages.eager_healer)
    assert objections(evidence.saw(test_r9_left_alone.leave(stack, stack.roles[Role.PROMETHEUS], "stall-3s"))) == {
        "stall-left-alone"
    }


@pytest.mark.control("R9", objects="dependent-left-alone")
def test_a_restart_for_a_frozen_dependency_is_noticed(broken: Broken, evidence: Evidence) -> None:
    stack = broken(sabotages.undeclared_dependency)
    seen = evidence.saw(test_r9_left_alone.leave(stack, stack.roles[Role.API], "dependency-frozen"))
    assert objections(seen) == {"dependent-left-alone"}
