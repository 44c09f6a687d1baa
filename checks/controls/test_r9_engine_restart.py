"""What must object when a service stays away after the engine was restarted."""

import pytest

from checks import test_r9_engine_restart
from checks.controls import sabotages
from checks.core.evidence import Evidence
from checks.core.verdict import objections
from checks.harness.fixtures import OnAnotherEngine
from checks.subject.profile import Role


@pytest.mark.control("R9", objects="engine-restart-comes-back")
def test_a_policy_that_asks_for_a_failure_is_noticed_after_an_engine_restart(
    on_another_engine: OnAnotherEngine, evidence: Evidence
) -> None:
    found = on_another_engine(sabotages.restarted(Role.PROMETHEUS, "on-failure"))
    assert objections(evidence.saw(test_r9_engine_restart.restart_the_engine(*found))) == {"engine-restart-comes-back"}
