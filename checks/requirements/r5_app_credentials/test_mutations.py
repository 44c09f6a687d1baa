"""What must object when the app uses other credentials, or shows those it has."""

from secrets import token_hex

import pytest

from checks.core.evidence import Evidence
from checks.core.registry import objections
from checks.harness.fixtures import InPart, Mutated
from checks.requirements.r5_app_credentials import declared, observe
from checks.requirements.r5_app_credentials.mutations import (
    always_content,
    app_logged_in_as_default,
    line_of_a_password_in_a_header,
    other_way_in,
    password_in_hex_in_the_environment,
    password_in_the_environment,
    password_logged,
    printed_at_the_end,
    reads_as_another_user,
    redis_without_users,
    short_password,
    shown_with_an_error,
    silent,
)
from checks.subject import mutation
from checks.subject.roles import Role
from checks.subject.stack import Mutation


def wrong_for(evidence: Evidence) -> str:
    """A wrong password that the evidence does not show either."""
    wrong = token_hex(16)
    evidence.hide(wrong)
    return wrong


@pytest.mark.mutation(objects="logs-in-as-its-own-user")
def test_an_app_logged_in_as_default_is_noticed(in_part: InPart, evidence: Evidence) -> None:
    seen = evidence.saw(observe.look_who_is_connected(in_part(app_logged_in_as_default)))
    assert objections(seen) == {"logs-in-as-its-own-user"}


@pytest.mark.mutation(objects="secret-nowhere-in-sight")
def test_a_password_in_the_environment_is_noticed(mutated: Mutated, evidence: Evidence) -> None:
    seen = evidence.saw(observe.look_for_secrets(mutated(password_in_the_environment)))
    assert objections(seen) == {"secret-nowhere-in-sight"}


@pytest.mark.mutation(objects="logs-in-as-its-own-user")
def test_reading_as_another_user_is_noticed(in_part: InPart, evidence: Evidence) -> None:
    seen = evidence.saw(observe.look_who_is_connected(in_part(reads_as_another_user)))
    assert objections(seen) == {"logs-in-as-its-own-user"}
    assert set(seen.users) == {"app", "reader"}


@pytest.mark.mutation(objects="secret-nowhere-in-sight")
@pytest.mark.parametrize("change", [password_in_hex_in_the_environment, line_of_a_password_in_a_header])
def test_a_password_in_disguise_is_noticed(mutated: Mutated, evidence: Evidence, change: Mutation) -> None:
    seen = evidence.saw(observe.look_for_secrets(mutated(change)))
    assert objections(seen) == {"secret-nowhere-in-sight"}


@pytest.mark.mutation(objects="secret-nowhere-in-sight")
@pytest.mark.parametrize("change", [printed_at_the_end, shown_with_an_error])
def test_a_password_that_a_failure_shows_is_noticed(in_part: InPart, evidence: Evidence, change: Mutation) -> None:
    seen = evidence.saw(observe.look_for_secrets_in_failures(in_part(change)))
    assert objections(seen) == {"secret-nowhere-in-sight"}


@pytest.mark.mutation(objects="password-long-enough")
def test_a_password_too_short_to_look_for_is_noticed(unstarted: Mutated, evidence: Evidence) -> None:
    seen = evidence.saw(observe.measure_passwords(unstarted(short_password)))
    assert objections(seen) == {"password-long-enough"}


@pytest.mark.mutation(objects="wrong-password-turns-unhealthy")
def test_a_health_check_that_is_content_without_redis_is_noticed(in_part: InPart, evidence: Evidence) -> None:
    seen = evidence.saw(observe.give_a_wrong_password(in_part(always_content), wrong_for(evidence)))
    assert objections(seen) == {"wrong-password-turns-unhealthy"}


@pytest.mark.mutation(objects="wrong-password-says-why")
def test_a_log_that_does_not_say_why_is_noticed(in_part: InPart, evidence: Evidence) -> None:
    seen = evidence.saw(observe.give_a_wrong_password(in_part(silent), wrong_for(evidence)))
    assert objections(seen) == {"wrong-password-says-why"}


@pytest.mark.mutation(objects="wrong-password-not-printed")
def test_a_password_in_the_log_is_noticed(in_part: InPart, evidence: Evidence) -> None:
    seen = evidence.saw(observe.give_a_wrong_password(in_part(password_logged), wrong_for(evidence)))
    assert objections(seen) == {"wrong-password-not-printed"}


@pytest.mark.mutation(objects="no-other-credentials")
def test_another_way_in_is_noticed(in_part: InPart, evidence: Evidence) -> None:
    seen = evidence.saw(observe.give_a_wrong_password(in_part(other_way_in), wrong_for(evidence)))
    assert objections(seen) == {"no-other-credentials"}


@pytest.mark.mutation(objects="redis-to-log-in-to")
def test_a_redis_without_a_login_is_noticed(unstarted: Mutated, evidence: Evidence) -> None:
    seen = evidence.saw(declared.find_login_place(unstarted(redis_without_users)))
    assert objections(seen) == {"redis-to-log-in-to"}


@pytest.mark.mutation(objects="redis-to-log-in-to")
def test_a_project_without_a_redis_is_noticed(unstarted: Mutated, evidence: Evidence) -> None:
    seen = evidence.saw(declared.find_login_place(unstarted(mutation.without(Role.REDIS))))
    assert objections(seen) == {"redis-to-log-in-to"}
