"""What must object when a healer that stands still is nobody's business."""

import pytest

from checks import test_r9_healer_away as r9
from checks.conftest import Broken
from checks.controls import sabotages
from checks.evidence import Evidence
from checks.verdict import objections
from stack.subject import Role


@pytest.mark.control("R9", objects="nothing-missed")
def test_a_healer_that_nobody_heals_is_noticed(broken: Broken, evidence: Evidence) -> None:
    stack = broken(sabotages.no_warden)
    seen = evidence.saw(r9.hurt_while_away(stack, stack.roles[Role.PROMETHEUS], "healer"))
    assert objections(seen) == {"nothing-missed"}
    assert "detect" in seen.phases
