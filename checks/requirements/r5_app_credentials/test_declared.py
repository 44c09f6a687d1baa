"""R5 by its files alone."""

import pytest

from checks.core.evidence import Evidence
from checks.requirements.r5_app_credentials.declared import find_login_place, look_for_given_secrets
from checks.requirements.r5_app_credentials.judge import login_place_violations, sighting_violations
from checks.subject.stack import Files


@pytest.mark.check
def test_the_app_is_given_no_password_to_be_seen(files: Files, evidence: Evidence) -> None:
    assert sighting_violations(evidence.saw(look_for_given_secrets(files))) == []


@pytest.mark.check
def test_there_is_a_redis_to_log_in_to(files: Files, evidence: Evidence) -> None:
    assert login_place_violations(evidence.saw(find_login_place(files))) == []
