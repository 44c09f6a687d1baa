"""R2 on a stack that runs."""

import pytest

from checks.core.evidence import Evidence
from checks.harness.fixtures import Mutated
from checks.requirements.r2_compose_up.judge import coming_violations, reach_violations
from checks.requirements.r2_compose_up.observe import come_up_from_nothing, knock_everywhere
from checks.subject.stack import Stack


@pytest.mark.check
def test_all_comes_up_from_nothing(unstarted: Mutated, evidence: Evidence) -> None:
    assert coming_violations(evidence.saw(come_up_from_nothing(unstarted(lambda _: None)))) == []


@pytest.mark.check
def test_only_what_is_published_is_reached_and_only_on_loopback(stack: Stack, evidence: Evidence) -> None:
    assert reach_violations(evidence.saw(knock_everywhere(stack))) == []
