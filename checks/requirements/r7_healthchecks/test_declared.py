"""R7 by its files alone."""

import pytest

from checks.core.evidence import Evidence
from checks.requirements.r7_healthchecks.judge import probe_violations
from checks.requirements.r7_healthchecks.observe import read_probes, require_all_seen
from checks.subject.stack import Files


@pytest.mark.check
def test_every_service_is_given_a_health_check(files: Files, evidence: Evidence) -> None:
    seen = evidence.saw(read_probes(files))
    assert probe_violations(seen) == []
    require_all_seen(seen)
