"""What must object when the app uses other credentials, or shows those it has."""

import pytest

from checks import test_r5_credentials as r5
from checks.conftest import Broken
from checks.controls import sabotages
from checks.evidence import Evidence
from checks.verdict import objections


@pytest.mark.control("R5", objects="logs-in-as-its-own-user")
def test_an_app_logged_in_as_default_is_noticed(broken: Broken, evidence: Evidence) -> None:
    seen = evidence.saw(r5.look_who_is_connected(broken(sabotages.app_logged_in_as_default)))
    assert objections(seen) == {"logs-in-as-its-own-user"}


@pytest.mark.control("R5", objects="secret-nowhere-in-sight")
def test_a_password_in_the_environment_is_noticed(broken: Broken, evidence: Evidence) -> None:
    seen = evidence.saw(r5.look_for_secrets(broken(sabotages.password_in_the_environment)))
    assert objections(seen) == {"secret-nowhere-in-sight"}
