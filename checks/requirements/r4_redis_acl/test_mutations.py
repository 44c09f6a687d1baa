"""What must object when Redis lets in whom it should not, or its users do too much or too little."""

import secrets
from collections.abc import Callable

import pytest

from checks.core.evidence import Evidence
from checks.core.registry import objections
from checks.harness.fixtures import InPart, Mutated
from checks.requirements.r4_redis_acl import declared
from checks.requirements.r4_redis_acl.judge.powers import DRYRUN
from checks.requirements.r4_redis_acl.mutations import (
    almighty_by_a_selector,
    almighty_by_categories,
    app_may_do_everything,
    app_may_not_write,
    app_without_a_password,
    default_user_with_an_unknown_password,
    password_empty,
    password_file_open_to_others,
    password_in_the_acl_file,
    password_of_its_own_name,
    password_on_the_command_line,
    password_well_known,
    probe_may_do_more,
    rejections_not_logged,
    user_who_adds_users,
    user_who_may_empty_it,
    user_who_sets_settings,
    user_without_a_password,
)
from checks.requirements.r4_redis_acl.observe import every_redis, powers
from checks.requirements.r4_redis_acl.observe import users as observe
from checks.roles.redis import mutations
from checks.roles.redis.endpoint import address_of
from checks.roles.redis.wire import Wire, packed
from checks.subject import mutation
from checks.subject.roles import Role
from checks.subject.stack import Mutation, Stack
from stack.driver.errors import StackError


@pytest.mark.mutation(objects="default-user-rejected")
def test_default_user_on_is_noticed(in_part: InPart, evidence: Evidence) -> None:
    seen = evidence.saw(observe.try_default_user(in_part(mutations.default_user_on)))
    assert objections(seen) == {"default-user-rejected"}


@pytest.mark.mutation(objects="default-user-rejected")
def test_default_user_with_the_apps_password_is_noticed(in_part: InPart, evidence: Evidence) -> None:
    seen = evidence.saw(observe.try_default_user(in_part(mutations.default_user_with_the_apps_password)))
    assert objections(seen) == {"default-user-rejected"}


@pytest.mark.mutation(objects="default-user-off")
def test_default_user_with_a_password_nobody_guesses_is_noticed(in_part: InPart, evidence: Evidence) -> None:
    seen = evidence.saw(observe.list_users(in_part(default_user_with_an_unknown_password)))
    assert objections(seen) == {"default-user-off"}


@pytest.mark.mutation(objects="every-user-has-a-password")
def test_a_user_without_a_password_is_noticed(in_part: InPart, evidence: Evidence) -> None:
    seen = evidence.saw(observe.list_users(in_part(user_without_a_password)))
    assert objections(seen) == {"every-user-has-a-password"}


@pytest.mark.mutation(objects="nobody-may-do-everything")
def test_an_almighty_user_is_noticed(in_part: InPart, evidence: Evidence) -> None:
    seen = evidence.saw(observe.list_users(in_part(app_may_do_everything)))
    assert objections(seen) == {"nobody-may-do-everything"}


@pytest.mark.mutation(objects="nobody-may-do-everything")
def test_a_user_almighty_by_a_selector_is_noticed(in_part: InPart, evidence: Evidence) -> None:
    stack = in_part(almighty_by_a_selector)
    seen = evidence.saw(powers.ask_for_powers(stack))
    assert (seen.told_by, objections(seen)) == (DRYRUN, {"nobody-may-do-everything"})


@pytest.mark.mutation(objects="nobody-may-do-everything")
def test_a_user_almighty_by_categories_is_noticed(unstarted: Mutated, evidence: Evidence) -> None:
    stack = unstarted(almighty_by_categories)
    seen = [evidence.saw(one) for one in (declared.list_given_users(stack), *declared.read_given_users(stack))]
    assert [objections(one) for one in seen] == [{"nobody-may-do-everything"}, set(), set()]


@pytest.mark.mutation(objects="settings-out-of-reach")
def test_a_user_who_may_change_settings_is_noticed(unstarted: Mutated, evidence: Evidence) -> None:
    seen = [evidence.saw(one) for one in declared.read_given_users(unstarted(user_who_sets_settings))]
    assert [objections(one) for one in seen] == [{"settings-out-of-reach"}, set()]


@pytest.mark.mutation(objects="unnamed-users-limited")
def test_a_user_who_may_empty_redis_is_noticed(unstarted: Mutated, evidence: Evidence) -> None:
    seen = [evidence.saw(one) for one in declared.read_given_users(unstarted(user_who_may_empty_it))]
    assert [objections(one) for one in seen] == [{"unnamed-users-limited"}, set()]


GUESSED = {"empty": password_empty, "own-name": password_of_its_own_name, "well-known": password_well_known}


@pytest.mark.mutation(objects="no-guessable-password")
@pytest.mark.parametrize("change", GUESSED.values(), ids=GUESSED)
def test_a_password_that_is_guessed_is_noticed(unstarted: Mutated, evidence: Evidence, change: Mutation) -> None:
    seen = [evidence.saw(one) for one in declared.read_given_users(unstarted(change))]
    assert [objections(one) for one in seen] == [set(), {"no-guessable-password"}]


@pytest.mark.mutation(objects="app-user-accepted")
def test_app_user_that_may_not_write_is_noticed(in_part: InPart, evidence: Evidence) -> None:
    seen = evidence.saw(observe.try_app_user(in_part(app_may_not_write)))
    assert objections(seen) == {"app-user-accepted"}


@pytest.mark.mutation(objects="denied-beyond-need")
def test_app_user_that_may_do_everything_is_noticed(mutated: Mutated, evidence: Evidence) -> None:
    seen = evidence.saw(observe.try_app_user(mutated(app_may_do_everything)))
    assert objections(seen) == {"denied-beyond-need"}


@pytest.mark.mutation(objects="others-limited")
def test_a_probes_user_that_may_do_more_is_noticed(in_part: InPart, evidence: Evidence) -> None:
    stack = in_part(probe_may_do_more)
    seen = [evidence.saw(one) for one in observe.try_other_users(stack)]
    assert {one.login: objections(one) for one in seen} == {"health": {"others-limited"}, "auditor": set()}


@pytest.mark.mutation(objects="wrong-login-rejected")
def test_an_app_user_without_a_password_is_noticed(in_part: InPart, evidence: Evidence) -> None:
    seen = evidence.saw(observe.try_wrong_logins(in_part(app_without_a_password)))
    assert objections(seen) == {"wrong-login-rejected"}


@pytest.mark.mutation(objects="rejections-are-logged")
def test_rejections_that_are_not_logged_are_noticed(in_part: InPart, evidence: Evidence) -> None:
    seen = evidence.saw(observe.try_and_read_the_log(in_part(rejections_not_logged)))
    assert objections(seen) == {"rejections-are-logged"}


@pytest.mark.mutation(objects="acl-survives-restart")
def test_a_user_that_no_file_remembers_is_noticed(in_part: InPart, evidence: Evidence) -> None:
    password = secrets.token_urlsafe(16)
    stack = in_part(user_who_adds_users(password))
    _add_a_user(stack, password)
    seen = evidence.saw(observe.restart_and_list_users(stack))
    assert objections(seen) == {"acl-survives-restart"}
    assert seen.changed == ("guest",)


@pytest.mark.mutation(objects="no-plaintext-password")
def test_a_password_in_the_acl_file_is_noticed(in_part: InPart, evidence: Evidence) -> None:
    seen = evidence.saw(observe.look_for_plaintext(in_part(password_in_the_acl_file)))
    assert objections(seen) == {"no-plaintext-password"}


@pytest.mark.mutation(objects="no-plaintext-password")
def test_a_password_on_the_command_line_is_noticed(in_part: InPart, evidence: Evidence) -> None:
    seen = evidence.saw(observe.look_for_plaintext(in_part(password_on_the_command_line)))
    assert objections(seen) == {"no-plaintext-password"}


@pytest.mark.mutation(objects="no-plaintext-password")
def test_a_password_file_that_others_can_read_is_noticed(in_part: InPart, evidence: Evidence) -> None:
    seen = evidence.saw(observe.look_for_plaintext(in_part(password_file_open_to_others)))
    assert objections(seen) == {"no-plaintext-password"}


def _add_a_user(stack: Stack, password: str) -> None:
    with Wire(address_of(stack)) as wire:
        wire.ask(packed("AUTH", "keeper", password))
        if (answer := wire.ask(packed("ACL", "SETUSER", "guest", "on", "-@all", "+ping"))) != "+OK":
            raise StackError(f"the mutation needs a user more, and Redis says: {answer}")


@pytest.mark.mutation(objects="redis-has-the-users")
def test_a_project_without_a_redis_is_noticed(unstarted: Mutated, evidence: Evidence) -> None:
    seen = evidence.saw(declared.find_user_keeper(unstarted(mutation.without(Role.REDIS))))
    assert objections(seen) == {"redis-has-the-users"}


@pytest.mark.mutation(objects="other-redis-wants-a-login")
def test_a_second_redis_without_a_login_is_noticed(unstarted: Mutated, evidence: Evidence) -> None:
    stack = mutations.naming_its_own(unstarted(mutations.another_redis("--appendonly", "yes")))
    seen = evidence.saw(every_redis.read_other_doors(stack))
    assert objections(seen) == {"other-redis-wants-a-login"}


@pytest.mark.mutation(objects="other-redis-wants-a-login")
def test_a_decoy_without_a_login_is_noticed(in_part: InPart, evidence: Evidence) -> None:
    seen = evidence.saw(every_redis.knock_at_other_doors(in_part(mutations.decoy_inside)))
    assert objections(seen) == {"other-redis-wants-a-login"}
    assert list(seen.open) == ["redis port 6380"]


@pytest.mark.mutation(objects="users-left-alone")
@pytest.mark.parametrize("waiting", mutations.WAITING)
def test_a_change_of_users_that_waits_is_noticed(
    unstarted: Mutated, evidence: Evidence, waiting: Callable[[str], Mutation]
) -> None:
    stack = unstarted(waiting("redis-cli ACL SETUSER default on nopass +@all"))
    assert objections(evidence.saw(declared.list_given_users(stack))) == set()
    assert objections(evidence.saw(declared.look_beside_the_users(stack))) == {"users-left-alone"}
