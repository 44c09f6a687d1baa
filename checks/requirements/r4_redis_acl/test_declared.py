"""R4 by its files alone."""

import pytest

from checks.core.evidence import Evidence
from checks.requirements.r4_redis_acl.declared import find_user_keeper, list_given_users, look_for_given_passwords
from checks.requirements.r4_redis_acl.judge import plaintext_violations, user_keeper_violations, users_violations
from checks.subject.stack import Files


@pytest.mark.check
def test_default_is_off_and_users_given_are_limited(files: Files, evidence: Evidence) -> None:
    assert users_violations(evidence.saw(list_given_users(files))) == []


@pytest.mark.check
def test_redis_is_given_no_password_in_plain_text(files: Files, evidence: Evidence) -> None:
    assert plaintext_violations(evidence.saw(look_for_given_passwords(files))) == []


@pytest.mark.check
def test_a_redis_has_the_users(files: Files, evidence: Evidence) -> None:
    assert user_keeper_violations(evidence.saw(find_user_keeper(files))) == []
