"""Logins, and whatever is a secret."""

from pathlib import Path

import pytest

from checks.subject import secret_places, secrets
from checks.subject.compose_files import PROFILE_NAME
from checks.subject.credentials import Credentials
from checks.subject.profile import Credential, Subject
from stack.driver.errors import SubjectError


@pytest.fixture
def subject(tmp_path: Path) -> Subject:
    (tmp_path / "subject").mkdir()
    (tmp_path / "subject" / "compose.yaml").write_text("services: {}\n")
    return Subject(compose_file=tmp_path / "subject" / "compose.yaml")


def test_a_password_is_read_without_its_line_end(subject: Subject) -> None:
    (subject.directory / "word").write_text("hunter2\n")
    named = Subject(compose_file=subject.compose_file, credentials={"app": Credential(user="a", password_file="word")})  # noqa: S106
    assert Credentials(subject=named, directory=subject.directory).password("app") == "hunter2"


@pytest.mark.parametrize("outside", ["../word", "/etc/hostname", "out/word"])
def test_a_password_file_outside_is_refused(subject: Subject, outside: str) -> None:
    (subject.directory / "out").symlink_to("/etc")
    named = Subject(compose_file=subject.compose_file, credentials={"app": Credential(user="a", password_file=outside)})
    with pytest.raises(SubjectError, match="lies outside of the project"):
        Credentials(subject=named, directory=subject.directory).password("app")


def test_a_login_that_no_profile_names_is_asked_for(subject: Subject) -> None:
    with pytest.raises(SubjectError, match=rf"{PROFILE_NAME} names no \[credentials.app\]"):
        Credentials(subject=subject, directory=subject.directory).password("app")


def test_what_is_named_a_secret_is_taken_for_one() -> None:
    spec = {
        "environment": {
            "REDIS_PASSWORD": "one",
            "REDIS_PASSWORD_FILE": "/run/secrets/x",
            "HOST": "redis",
            "TOKEN": None,
            "USE_TOKEN_AUTH": "true",
            "PASSWORD_MIN_LENGTH": "8",
            "SECRETS_DIR": "/run/secrets",
            "PASSENGER_PORT": "five thousand",
        },
        "command": ["redis-server", "--requirepass", "two", "--port", "6379"],
    }
    found = {one.name: one.value for one in secret_places.in_spec(spec)}
    assert found == {"REDIS_PASSWORD": "one", "--requirepass": "two"}


def test_a_password_of_several_lines_is_looked_for_line_by_line(subject: Subject) -> None:
    text = "-----BEGIN KEY-----\nfirst part of it\n\nsecond part of it\n-----END KEY-----\n"
    (subject.directory / "word").write_text(text)
    named = Subject(compose_file=subject.compose_file, credentials={"app": Credential(user="a", password_file="word")})  # noqa: S106
    found = secrets.secrets_of({"services": {}}, Credentials(subject=named, directory=subject.directory))
    assert found == {"app (line 1)": "first part of it", "app (line 2)": "second part of it"}
