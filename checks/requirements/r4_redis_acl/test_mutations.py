"""What must object when Redis lets in whom it should not, or its users do too much or too little."""

import secrets

import pytest

from checks.core.evidence import Evidence
from checks.core.registry import objections
from checks.harness.fixtures import Broken
from checks.requirements.r4_redis_acl import observe
from checks.requirements.r4_redis_acl.mutations import (
    app_may_do_everything,
    app_may_not_write,
    app_without_a_password,
    default_user_with_an_unknown_password,
    password_file_open_to_others,
    password_in_the_acl_file,
    password_on_the_command_line,
    probe_may_do_more,
    rejections_not_logged,
    user_who_adds_users,
    user_without_a_password,
)
from checks.roles.redis import mutations
from checks.roles.redis.client import PORT
from checks.roles.redis.wire import Wire, packed
from checks.subject.roles import Role
from checks.subject.stack import Stack
from stack.driver.errors import StackError


@pytest.mark.control("R4", objects="default-user-rejected")
def test_default_user_on_is_noticed(broken: Broken, evidence: Evidence) -> None:
    seen = evidence.saw(observe.try_default_user(broken(mutations.default_user_on)))
    assert objections(seen) == {"default-user-rejected"}


@pytest.mark.control("R4", objects="default-user-rejected")
def test_default_user_with_the_apps_password_is_noticed(broken: Broken, evidence: Evidence) -> None:
    seen = evidence.saw(observe.try_default_user(broken(mutations.default_user_with_the_apps_password)))
    assert objections(seen) == {"default-user-rejected"}


@pytest.mark.control("R4", objects="default-user-off")
def test_default_user_with_a_password_nobody_guesses_is_noticed(broken: Broken, evidence: Evidence) -> None:
    seen = evidence.saw(observe.list_users(broken(default_user_with_an_unknown_password)))
    assert objections(seen) == {"default-user-off"}


@pytest.mark.control("R4", objects="every-user-has-a-password")
def test_a_user_without_a_password_is_noticed(broken: Broken, evidence: Evidence) -> None:
    seen = evidence.saw(observe.list_users(broken(user_without_a_password)))
    assert objections(seen) == {"every-user-has-a-password"}


@pytest.mark.control("R4", objects="nobody-may-do-everything")
def test_an_almighty_user_is_noticed(broken: Broken, evidence: Evidence) -> None:
    seen = evidence.saw(observe.list_users(broken(app_may_do_everything)))
    assert objections(seen) == {"nobody-may-do-everything"}


@pytest.mark.control("R4", objects="app-user-accepted")
def test_app_user_that_may_not_write_is_noticed(broken: Broken, evidence: Evidence) -> None:
    seen = evidence.saw(observe.try_app_user(broken(app_may_not_write)))
    assert objections(seen) == {"app-user-accepted"}


@pytest.mark.control("R4", objects="denied-beyond-need")
def test_app_user_that_may_do_everything_is_noticed(broken: Broken, evidence: Evidence) -> None:
    seen = evidence.saw(observe.try_app_user(broken(app_may_do_everything)))
    assert objections(seen) == {"denied-beyond-need"}


@pytest.mark.control("R4", objects="others-limited")
def test_a_probes_user_that_may_do_more_is_noticed(broken: Broken, evidence: Evidence) -> None:
    stack = broken(probe_may_do_more)
    seen = [evidence.saw(one) for one in observe.try_other_users(stack)]
    assert {one.login: objections(one) for one in seen} == {"health": {"others-limited"}, "auditor": set()}


@pytest.mark.control("R4", objects="wrong-login-rejected")
def test_an_app_user_without_a_password_is_noticed(broken: Broken, evidence: Evidence) -> None:
    seen = evidence.saw(observe.try_wrong_logins(broken(app_without_a_password)))
    assert objections(seen) == {"wrong-login-rejected"}


@pytest.mark.control("R4", objects="rejections-are-logged")
def test_rejections_that_are_not_logged_are_noticed(broken: Broken, evidence: Evidence) -> None:
    seen = evidence.saw(observe.try_and_read_the_log(broken(rejections_not_logged)))
    assert objections(seen) == {"rejections-are-logged"}


@pytest.mark.control("R4", objects="acl-survives-restart")
def test_a_user_that_no_file_remembers_is_noticed(broken: Broken, evidence: Evidence) -> None:
    password = secrets.token_urlsafe(16)
    stack = broken(user_who_adds_users(password))
    _add_a_user(stack, password)
    seen = evidence.saw(observe.restart_and_list_users(stack))
    assert objections(seen) == {"acl-survives-restart"}
    assert seen.changed == ("guest",)


@pytest.mark.control("R4", objects="no-plaintext-password")
def test_a_password_in_the_acl_file_is_noticed(broken: Broken, evidence: Evidence) -> None:
    seen = evidence.saw(observe.look_for_plaintext(broken(password_in_the_acl_file)))
    assert objections(seen) == {"no-plaintext-password"}


@pytest.mark.control("R4", objects="no-plaintext-password")
def test_a_password_on_the_command_line_is_noticed(broken: Broken, evidence: Evidence) -> None:
    seen = evidence.saw(observe.look_for_plaintext(broken(password_on_the_command_line)))
    assert objections(seen) == {"no-plaintext-password"}


@pytest.mark.control("R4", objects="no-plaintext-password")
def test_a_password_file_that_others_can_read_is_noticed(broken: Broken, evidence: Evidence) -> None:
    seen = evidence.saw(observe.look_for_plaintext(broken(password_file_open_to_others)))
    assert objections(seen) == {"no-plaintext-password"}


def _add_a_user(stack: Stack, password: str) -> None:
    with Wire(stack.runner.address(stack.roles[Role.REDIS], PORT)) as wire:
        wire.ask(packed("AUTH", "keeper", password))
        if (answer := wire.ask(packed("ACL", "SETUSER", "guest", "on", "-@all", "+ping"))) != "+OK":
            raise StackError(f"the sabotage needs a user more, and Redis says: {answer}")
