"""R5 on a stack that is broken and restarted."""

from secrets import token_hex

import pytest

from checks.core.evidence import Evidence
from checks.requirements.r5_app_credentials.judge import wrong_password_violations
from checks.requirements.r5_app_credentials.observe import give_a_wrong_password
from checks.subject.stack import Stack


@pytest.mark.check
@pytest.mark.long
def test_a_wrong_password_makes_it_unhealthy_and_is_not_told(stack: Stack, evidence: Evidence) -> None:
    wrong = token_hex(16)
    evidence.hide(wrong)
    assert wrong_password_violations(evidence.saw(give_a_wrong_password(stack, wrong))) == []
