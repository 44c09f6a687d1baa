"""R5 on a stack that runs."""

import pytest

from checks.core.evidence import Evidence
from checks.requirements.r5_app_credentials.declared import find_running_login_place
from checks.requirements.r5_app_credentials.judge import (
    connection_violations,
    length_violations,
    login_place_violations,
    sighting_violations,
)
from checks.requirements.r5_app_credentials.observe import (
    complete,
    look_for_secrets,
    look_who_is_connected,
    measure_passwords,
)
from checks.subject.stack import Stack


@pytest.mark.check
def test_the_app_is_logged_in_as_its_own_user(stack: Stack, evidence: Evidence) -> None:
    assert connection_violations(evidence.saw(look_who_is_connected(stack))) == []


@pytest.mark.check
def test_no_password_is_to_be_seen(stack: Stack, evidence: Evidence) -> None:
    seen = evidence.saw(look_for_secrets(stack))
    assert sighting_violations(seen) == []
    complete(seen)


@pytest.mark.check
def test_no_password_is_too_short_to_look_for(stack: Stack, evidence: Evidence) -> None:
    assert length_violations(evidence.saw(measure_passwords(stack))) == []


@pytest.mark.check
def test_there_runs_a_redis_to_log_in_to(stack: Stack, evidence: Evidence) -> None:
    assert login_place_violations(evidence.saw(find_running_login_place(stack))) == []
