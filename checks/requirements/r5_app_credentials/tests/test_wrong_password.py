"""What counts as turning ill over a wrong password, and as saying why, in the words of apps and of Redis."""

from datetime import UTC, datetime, timedelta

import pytest

from checks.requirements.r5_app_credentials import observe
from stack.driver.events import Event

STARTED = datetime(2026, 11, 23, 20, tzinfo=UTC)


@pytest.mark.parametrize(
    "line",
    [
        "Redis refused the credentials of user `app`",
        "WRONGPASS invalid username-password pair or user is disabled.",
        "redis.exceptions.AuthenticationError: invalid username-password pair",
        "NOAUTH Authentication required.",
        "could not log in to redis: access denied",
        "ERROR: Redis login failed",
    ],
)
def test_a_line_that_tells_of_refused_credentials_says_why(line: str) -> None:
    assert observe.says_why(line)


@pytest.mark.parametrize(
    "line",
    [
        "",
        "no answer from Redis in time",
        "reading the password from /run/secrets/app",
        "request refused",
        "503 failure",
    ],
)
def test_a_line_that_tells_of_something_else_does_not(line: str) -> None:
    assert not observe.says_why(line)


@pytest.mark.parametrize(
    ("events", "seconds"),
    [
        ([(24, "health_status: unhealthy")], 24.0),
        ([(0.5, "die"), (2, "health_status: unhealthy")], 0.5),
        ([(-1, "die"), (-0.5, "health_status: unhealthy")], None),
        ([(1, "health_status: healthy")], None),
        ([], None),
    ],
)
def test_it_is_ill_from_the_first_verdict_or_end_after_its_start(
    events: list[tuple[float, str]], seconds: float | None
) -> None:
    seen = [Event(at=STARTED + timedelta(seconds=after), service="api", action=action) for after, action in events]
    assert observe.ill_after(seen, STARTED) == seconds


def test_passwords_are_taken_out_of_a_log_in_every_form() -> None:
    said = "refused app:s3cret/+word and s3cret%2F%2Bword"
    assert observe._without(["s3cret/+word"], said) == "refused app:<password> and <password>"
