"""R4 on a stack that is broken and restarted."""

import pytest

from checks.core.evidence import Evidence
from checks.requirements.r4_redis_acl.judge.powers import power_violations
from checks.requirements.r4_redis_acl.judge.users import (
    app_user_violations,
    default_user_violations,
    other_user_violations,
    users_after_restart_violations,
    users_violations,
)
from checks.requirements.r4_redis_acl.observe.powers import ask_for_powers
from checks.requirements.r4_redis_acl.observe.users import (
    list_users,
    restart_and_list_users,
    try_app_user,
    try_default_user,
    try_other_users,
)
from checks.roles.redis.background import watched
from checks.subject.stack import Stack


@pytest.mark.check
def test_default_gets_nowhere_and_users_no_further_than_meant(own_stack: Stack, evidence: Evidence) -> None:
    """On a stack of its own: where an attack is obeyed (FLUSHALL, SHUTDOWN), nothing can be put back."""
    assert default_user_violations(evidence.saw(try_default_user(own_stack))) == []
    assert app_user_violations(evidence.saw(try_app_user(own_stack))) == []
    for seen in try_other_users(own_stack):
        assert other_user_violations(evidence.saw(seen)) == []


@pytest.mark.check
def test_users_are_the_same_after_a_restart(stack: Stack, evidence: Evidence) -> None:
    assert users_after_restart_violations(evidence.saw(restart_and_list_users(stack))) == []


@pytest.mark.check
@pytest.mark.last
def test_the_users_are_still_limited_at_the_end(stack: Stack, evidence: Evidence) -> None:
    users, powers = evidence.saw(list_users(stack)), evidence.saw(ask_for_powers(stack))
    evidence.note(
        f"Redis' users were listed again {watched(stack)} after it had last started: nothing is known of later"
    )
    assert users_violations(users) + power_violations(powers) == []
