"""R7 on a stack that is broken and restarted."""

import pytest

from checks.core.evidence import Evidence
from checks.requirements.r7_healthchecks.judge import report_violations
from checks.requirements.r7_healthchecks.observe import dependencies, dependency_layers, revoke_credentials, silence
from checks.subject.stack import Stack


@pytest.mark.check
@pytest.mark.long
def test_every_health_check_turns_red_when_the_service_is_silent(stack: Stack, evidence: Evidence) -> None:
    seen = [evidence.saw(one) for layer in dependency_layers(dependencies(stack)) for one in silence(stack, layer)]
    assert [violation for one in seen for violation in report_violations(one)] == []


@pytest.mark.check
def test_redis_health_check_turns_red_without_its_credentials(stack: Stack, evidence: Evidence) -> None:
    seen = [evidence.saw(one) for one in revoke_credentials(stack)]
    assert [violation for one in seen for violation in report_violations(one)] == []
