"""What must object when a healer that stands still is nobody's business."""

import pytest

from checks import test_r9_healer_away
from checks.controls import sabotages
from checks.core.evidence import Evidence
from checks.core.verdict import objections
from checks.harness.fixtures import Broken
from checks.subject.profile import Role


@pytest.mark.control("R9", objects="nothing-missed")
def test_a_healer_that_nobody_heals_is_noticed(broken: Broken, evidence: Evidence) -> None:
    stack = broken(sabotages.no_warden)
    seen = evidence.saw(test_r9_healer_away.hurt_while_away(stack, stack.roles[Role.PROMETHEUS], "healer"))
    assert objections(seen) == {"nothing-missed"}
    assert "detect" in seen.phases
