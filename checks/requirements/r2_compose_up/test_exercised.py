"""R2 on a stack that is broken and restarted."""

import pytest

from checks.core.evidence import Evidence
from checks.requirements.r2_compose_up.judge.compose_up import coming_violations
from checks.requirements.r2_compose_up.observe import restart_all, take_down_and_up
from checks.subject.stack import Stack


@pytest.mark.check
def test_all_comes_back_after_a_restart(stack: Stack, evidence: Evidence) -> None:
    assert coming_violations(evidence.saw(restart_all(stack))) == []


@pytest.mark.check
def test_all_comes_back_after_down_and_up(stack: Stack, evidence: Evidence) -> None:
    assert coming_violations(evidence.saw(take_down_and_up(stack))) == []
