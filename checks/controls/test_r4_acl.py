"""What must object when Redis lets in whom it should not, or its users do too much or too little."""

import pytest

from checks import test_r4_acl as r4
from checks.conftest import Broken
from checks.controls import sabotages
from checks.evidence import Evidence
from checks.verdict import objections


@pytest.mark.control("R4", objects="default-user-rejected")
def test_default_user_on_is_noticed(broken: Broken, evidence: Evidence) -> None:
    seen = evidence.saw(r4.try_default_user(broken(sabotages.default_user_on)))
    assert objections(seen) == {"default-user-rejected"}


@pytest.mark.control("R4", objects="default-user-rejected")
def test_default_user_with_the_apps_password_is_noticed(broken: Broken, evidence: Evidence) -> None:
    seen = evidence.saw(r4.try_default_user(broken(sabotages.default_user_with_the_apps_password)))
    assert objections(seen) == {"default-user-rejected"}


@pytest.mark.control("R4", objects="default-user-off")
def test_default_user_with_a_password_nobody_guesses_is_noticed(broken: Broken, evidence: Evidence) -> None:
    seen = evidence.saw(r4.list_users(broken(sabotages.default_user_with_an_unknown_password)))
    assert objections(seen) == {"default-user-off"}


@pytest.mark.control("R4", objects="every-user-has-a-password")
def test_a_user_without_a_password_is_noticed(broken: Broken, evidence: Evidence) -> None:
    seen = evidence.saw(r4.list_users(broken(sabotages.user_without_a_password)))
    assert objections(seen) == {"every-user-has-a-password"}


@pytest.mark.control("R4", objects="nobody-may-do-everything")
def test_an_almighty_user_is_noticed(broken: Broken, evidence: Evidence) -> None:
    seen = evidence.saw(r4.list_users(broken(sabotages.app_may_do_everything)))
    assert objections(seen) == {"nobody-may-do-everything"}


@pytest.mark.control("R4", objects="app-user-accepted")
def test_app_user_that_may_not_write_is_noticed(broken: Broken, evidence: Evidence) -> None:
    seen = evidence.saw(r4.try_app_user(broken(sabotages.app_may_not_write)))
    assert objections(seen) == {"app-user-accepted"}


@pytest.mark.control("R4", objects="denied-beyond-need")
def test_app_user_that_may_do_everything_is_noticed(broken: Broken, evidence: Evidence) -> None:
    seen = evidence.saw(r4.try_app_user(broken(sabotages.app_may_do_everything)))
    assert objections(seen) == {"denied-beyond-need"}
