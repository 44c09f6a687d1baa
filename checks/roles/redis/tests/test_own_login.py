"""The app's own login to Redis is found where people put it, and no other service's or product's."""

from pathlib import Path
from typing import Any

import pytest

from checks.roles.redis.own_login import Login, own_login
from checks.subject.profile import Subject
from checks.subject.tests.resolved import resolved

SECRET = {"secrets": [{"source": "app", "target": "/run/secrets/app"}]}


def login(directory: Path, environment: dict[str, str], **more: Any) -> Login | None:  # noqa: ANN401 - Compose's keys
    (directory / "app").write_text("from-a-file\n")
    web = {"build": {"context": "."}, "ports": [{"target": 80}], "environment": environment, **more}
    config = {
        "services": {"web": web, "store": {"image": "redis:8", "environment": {"REDIS_PASSWORD": "of-the-store"}}},
        "secrets": {"app": {"file": str(directory / "app")}},
    }
    return own_login(resolved(Subject(compose_file=directory / "compose.yaml"), directory, config))


@pytest.mark.parametrize(
    ("environment", "user", "password", "where"),
    [
        ({"CELERY_BROKER": "redis://app:se%40cret@store:6379/0"}, "app", "se@cret", "CELERY_BROKER of web"),
        ({"REDIS_URL": "rediss://:secret@store"}, None, "secret", "REDIS_URL of web"),
        ({"REDIS_USERNAME": "app", "REDIS_PASSWORD": "secret"}, "app", "secret", "REDIS_PASSWORD of web"),
        ({"APP_VALKEY_PASS": "secret"}, None, "secret", "APP_VALKEY_PASS of web"),
        ({"REDIS_PASSWORD_FILE": "/run/secrets/app"}, None, "from-a-file", "REDIS_PASSWORD_FILE of web"),
    ],
)
def test_the_apps_own_login_is_found(
    tmp_path: Path, environment: dict[str, str], user: str | None, password: str, where: str
) -> None:
    assert login(tmp_path, environment, **SECRET) == Login(user=user, password=password, where=where)


@pytest.mark.parametrize(
    "environment",
    [
        {},
        {"REDIS_URL": "redis://store:6379/0"},
        {"DATABASE_URL": "postgres://app:secret@db"},
        {"DB_PASSWORD": "secret"},
        {"REDIS_PASSWORD_FILE": "/etc/made-at-the-start"},
    ],
)
def test_what_is_no_login_to_redis_is_none(tmp_path: Path, environment: dict[str, str]) -> None:
    assert login(tmp_path, environment) is None


def test_a_password_is_not_shown(tmp_path: Path) -> None:
    assert "secret" not in repr(login(tmp_path, {"REDIS_PASSWORD": "secret"}))
