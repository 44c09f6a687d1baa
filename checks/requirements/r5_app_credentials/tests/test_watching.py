"""Who is connected, and what could not be looked for."""

from dataclasses import replace

import pytest

from checks.core.redaction import forms
from checks.requirements.r5_app_credentials.observe import _is_logged_in_from, _is_looked_for, complete
from checks.requirements.r5_app_credentials.samples import UNSEEN
from stack.driver.errors import SubjectError


@pytest.mark.parametrize(
    ("user", "last", "address", "counts"),
    [
        ("app", "get", "10.0.0.2:4000", True),
        ("app", "auth", "10.0.0.2:4000", True),
        ("default", "set", "10.0.0.2:4000", True),
        ("default", "NULL", "10.0.0.2:4000", False),
        ("default", "hello", "10.0.0.2:4000", False),
        ("auditor", "client|list", "10.0.0.9:4000", False),
    ],
)
def test_a_connection_before_its_login_is_nobodys(user: str, last: str, address: str, counts: bool) -> None:
    client = {"user": user, "cmd": last, "addr": address}
    assert _is_logged_in_from(client, {"10.0.0.2", None}) is counts


def test_what_was_not_looked_for_decides_nothing() -> None:
    complete(UNSEEN)
    with pytest.raises(SubjectError, match="health is shorter than 8 characters"):
        complete(replace(UNSEEN, too_short=("health",)))


@pytest.mark.parametrize(("password", "looked_for"), [("long enough", True), ("short", False), ("long line\nb", False)])
def test_a_short_password_is_not_looked_for(password: str, looked_for: bool) -> None:
    assert _is_looked_for(password) is looked_for


@pytest.mark.parametrize(
    "shown",
    [
        "s3cr3t-of-&-mine",
        "S3CR3T-OF-&-MINE",
        "enim-&-fo-t3rc3s",
        "7333637233742d6f662d262d6d696e65",
        "s3cr3t-of-&amp;-mine",
        "OMZWG4RTOQWW6ZRNEYWW22LO",
        "czNjcjN0LW9mLSYtbWluZQ==",
        "s3cr3t-of-%26-mine",
    ],
)
def test_a_password_is_found_in_disguise(shown: str) -> None:
    assert any(form in f"x{shown}x" for form in forms("s3cr3t-of-&-mine"))
