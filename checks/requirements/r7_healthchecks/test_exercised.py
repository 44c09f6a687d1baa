"""R7 on a stack that is stopped, hurt and started again."""

import pytest

from checks.core.evidence import Evidence
from checks.requirements.r7_healthchecks.judge import report_violations
from checks.requirements.r7_healthchecks.observe import dependencies, freeze, revoke_credentials, waves
from checks.subject.stack import Stack


@pytest.mark.check
@pytest.mark.long
def test_every_health_check_turns_red_when_the_service_freezes(stack: Stack, evidence: Evidence) -> None:
    seen = [evidence.saw(one) for wave in waves(dependencies(stack)) for one in freeze(stack, wave)]
    assert [violation for one in seen for violation in report_violations(one)] == []


@pytest.mark.check
def test_the_health_check_of_redis_turns_red_without_its_credentials(stack: Stack, evidence: Evidence) -> None:
    seen = [evidence.saw(one) for one in revoke_credentials(stack)]
    assert [violation for one in seen for violation in report_violations(one)] == []
