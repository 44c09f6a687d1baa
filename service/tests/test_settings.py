"""What the environment may say, and what is said about what it may not."""

from pathlib import Path

import pytest

from service.settings import Settings, SettingsError, from_environment


@pytest.fixture
def password_file(tmp_path: Path) -> str:
    path = tmp_path / "password"
    path.write_text("correct-horse\n")
    return str(path)


def test_defaults_are_those_of_the_stack(password_file: str) -> None:
    seen = from_environment({"REDIS_PASSWORD_FILE": password_file})
    assert seen == Settings(redis_password="correct-horse")  # noqa: S106
    assert (seen.redis_host, seen.redis_port, seen.redis_username, seen.http_port) == (
        "redis",
        6379,
        "app",
        5000,
    )


def test_environment_overrides_defaults_and_empty_values_do_not(password_file: str) -> None:
    given = {"REDIS_PASSWORD_FILE": password_file, "REDIS_PORT": "7000", "REDIS_HOST": ""}
    seen = from_environment(given)
    assert (seen.redis_port, seen.redis_host) == (7000, "redis")


def test_password_does_not_show(password_file: str) -> None:
    assert "correct-horse" not in repr(from_environment({"REDIS_PASSWORD_FILE": password_file}))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("REDIS_PORT", "six"),
        ("REDIS_PORT", "65536"),
        ("REDIS_TIMEOUT", "1.5"),
        ("REDIS_TIMEOUT", "nan"),
        ("REDIS_PING_TIMEOUT", "-1"),
    ],
)
def test_number_that_cannot_be_used_is_named(password_file: str, name: str, value: str) -> None:
    with pytest.raises(SettingsError, match=rf"^{name} must be .*`{value}`$"):
        from_environment({"REDIS_PASSWORD_FILE": password_file, name: value})


def test_missing_password_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"cannot read .*/nothing: No such file or directory"):
        from_environment({"REDIS_PASSWORD_FILE": str(tmp_path / "nothing")})


@pytest.mark.parametrize("content", [b"", b"\n", b" \n", b"\xff\xfe"])
def test_password_file_without_a_password_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "password"
    path.write_bytes(content)
    with pytest.raises(SettingsError, match=str(path)):
        from_environment({"REDIS_PASSWORD_FILE": str(path)})
