"""R1 by its container, which is stopped and started."""

import pytest

from checks.core.evidence import Evidence
from checks.requirements.r1_dockerfile.judge import stop_violations
from checks.requirements.r1_dockerfile.observe import stop_and_start
from checks.subject.roles import Role
from checks.subject.stack import Stack


@pytest.mark.check
def test_the_service_stops_when_told_to(stack: Stack, evidence: Evidence) -> None:
    assert stop_violations(evidence.saw(stop_and_start(stack, stack.roles[Role.API]))) == []
