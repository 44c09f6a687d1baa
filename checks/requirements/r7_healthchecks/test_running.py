"""R7 on a stack that runs."""

import pytest

from checks.core.evidence import Evidence
from checks.requirements.r7_healthchecks.judge import probe_violations
from checks.requirements.r7_healthchecks.observe import look_at_probes
from checks.subject.stack import Stack


@pytest.mark.check
def test_every_service_has_a_check_that_can_fail_and_no_password(stack: Stack, evidence: Evidence) -> None:
    assert probe_violations(evidence.saw(look_at_probes(stack))) == []
