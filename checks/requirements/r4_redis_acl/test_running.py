"""R4 on a stack that runs."""

import pytest

from checks.core.evidence import Evidence
from checks.requirements.r4_redis_acl.declared import find_user_keeper
from checks.requirements.r4_redis_acl.judge.every_redis import other_door_violations
from checks.requirements.r4_redis_acl.judge.powers import password_violations, power_violations
from checks.requirements.r4_redis_acl.judge.users import (
    acl_log_violations,
    plaintext_violations,
    user_keeper_violations,
    users_violations,
    wrong_login_violations,
)
from checks.requirements.r4_redis_acl.observe.every_redis import knock_at_other_doors
from checks.requirements.r4_redis_acl.observe.powers import ask_for_powers, look_at_passwords, words_on
from checks.requirements.r4_redis_acl.observe.users import (
    list_users,
    look_for_plaintext,
    try_and_read_the_log,
    try_wrong_logins,
)
from checks.subject.stack import Stack


@pytest.mark.check
def test_default_is_off_and_every_user_has_a_password_and_limits(stack: Stack, evidence: Evidence) -> None:
    users, powers = evidence.saw(list_users(stack)), evidence.saw(ask_for_powers(stack))
    passwords = evidence.saw(look_at_passwords(stack))
    for told in words_on(powers):
        evidence.note(told)
    assert users_violations(users) + power_violations(powers) + password_violations(passwords) == []


@pytest.mark.check
def test_a_wrong_password_and_an_unknown_user_are_rejected(stack: Stack, evidence: Evidence) -> None:
    assert wrong_login_violations(evidence.saw(try_wrong_logins(stack))) == []


@pytest.mark.check
def test_rejected_attempts_show_in_the_acl_log(stack: Stack, evidence: Evidence) -> None:
    assert acl_log_violations(evidence.saw(try_and_read_the_log(stack))) == []


@pytest.mark.check
def test_no_password_stands_in_plain_text_in_what_redis_reads(stack: Stack, evidence: Evidence) -> None:
    assert plaintext_violations(evidence.saw(look_for_plaintext(stack))) == []


@pytest.mark.check
def test_no_other_redis_that_answers_obeys_anybody(stack: Stack, evidence: Evidence) -> None:
    assert other_door_violations(evidence.saw(knock_at_other_doors(stack))) == []


@pytest.mark.check
def test_a_redis_that_runs_has_the_users(stack: Stack, evidence: Evidence) -> None:
    assert user_keeper_violations(evidence.saw(find_user_keeper(stack))) == []
