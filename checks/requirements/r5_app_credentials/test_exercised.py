"""R5 on a stack that is broken and restarted."""

from secrets import token_hex

import pytest

from checks.core.evidence import Evidence
from checks.requirements.r5_app_credentials.judge import sighting_violations, wrong_password_violations
from checks.requirements.r5_app_credentials.observe import (
    complete,
    give_a_wrong_password,
    look_for_secrets_in_failures,
)
from checks.subject.stack import Stack


@pytest.mark.check
@pytest.mark.long
def test_a_wrong_password_makes_it_unhealthy_and_is_not_told(stack: Stack, evidence: Evidence) -> None:
    wrong = token_hex(16)
    evidence.hide(wrong)
    assert wrong_password_violations(evidence.saw(give_a_wrong_password(stack, wrong))) == []


@pytest.mark.check
def test_no_password_is_to_be_seen_where_something_fails(stack: Stack, evidence: Evidence) -> None:
    seen = evidence.saw(look_for_secrets_in_failures(stack))
    assert sighting_violations(seen) == []
    complete(seen)
