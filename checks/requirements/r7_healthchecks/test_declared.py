"""R7 by its files alone."""

import pytest

from checks.core.evidence import Evidence
from checks.requirements.r7_healthchecks.judge import probe_violations
from checks.requirements.r7_healthchecks.observe import read_probes
from checks.subject.stack import Files


@pytest.mark.check
def test_every_service_is_given_a_health_check(files: Files, evidence: Evidence) -> None:
    assert probe_violations(evidence.saw(read_probes(files))) == []
