"""R6 on a stack that is broken and restarted."""

import pytest

from checks.core.evidence import Evidence
from checks.requirements.r6_metrics.judge import alarm_violations, samples_violations
from checks.requirements.r6_metrics.observe import restart_prometheus, stop_the_service
from checks.subject.stack import Stack


@pytest.mark.check
@pytest.mark.long
def test_an_alert_fires_while_the_service_is_stopped(stack: Stack, evidence: Evidence) -> None:
    assert alarm_violations(evidence.saw(stop_the_service(stack))) == []


@pytest.mark.check
def test_samples_survive_a_restart_of_prometheus(stack: Stack, evidence: Evidence) -> None:
    assert samples_violations(evidence.saw(restart_prometheus(stack))) == []
