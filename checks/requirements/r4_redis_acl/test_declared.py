"""R4 by its files alone."""

import pytest

from checks.core.evidence import Evidence
from checks.requirements.r4_redis_acl.declared import (
    find_user_keeper,
    list_given_users,
    look_beside_the_users,
    look_for_given_passwords,
    read_given_users,
)
from checks.requirements.r4_redis_acl.judge.every_redis import other_door_violations
from checks.requirements.r4_redis_acl.judge.left_alone import users_left_alone_violations
from checks.requirements.r4_redis_acl.judge.powers import password_violations, power_violations
from checks.requirements.r4_redis_acl.judge.users import plaintext_violations, user_keeper_violations, users_violations
from checks.requirements.r4_redis_acl.observe.every_redis import read_other_doors
from checks.subject.stack import Files


@pytest.mark.check
def test_default_is_off_and_users_given_are_limited(files: Files, evidence: Evidence) -> None:
    users = evidence.saw(list_given_users(files))
    given = read_given_users(files)
    powers, passwords = evidence.saw(given[0]), evidence.saw(given[1])
    assert users_violations(users) + power_violations(powers) + password_violations(passwords) == []


@pytest.mark.check
def test_redis_is_given_no_password_in_plain_text(files: Files, evidence: Evidence) -> None:
    assert plaintext_violations(evidence.saw(look_for_given_passwords(files))) == []


@pytest.mark.check
def test_nothing_is_left_running_that_changes_users(files: Files, evidence: Evidence) -> None:
    assert users_left_alone_violations(evidence.saw(look_beside_the_users(files))) == []


@pytest.mark.check
def test_no_other_redis_is_given_to_anybody(files: Files, evidence: Evidence) -> None:
    assert other_door_violations(evidence.saw(read_other_doors(files))) == []


@pytest.mark.check
def test_a_redis_has_the_users(files: Files, evidence: Evidence) -> None:
    assert user_keeper_violations(evidence.saw(find_user_keeper(files))) == []
