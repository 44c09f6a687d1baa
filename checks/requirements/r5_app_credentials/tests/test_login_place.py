"""Whether files say that there is a login to be had at Redis."""

from pathlib import Path

import pytest

from checks.requirements.r5_app_credentials.declared import find_login_place
from checks.subject.profile import Subject
from checks.subject.stack import Files
from checks.subject.tests.resolved import ResolvedProject


@pytest.mark.parametrize(
    ("redis", "told"),
    [
        ({"image": "redis:8"}, True),
        ({"build": {"dockerfile_inline": "FROM redis:8\n"}}, True),
        ({"image": "redis:8", "command": ["redis-server", "--requirepass", "x"]}, False),
        ({"image": "redis:8", "command": ["redis-server", "--user", "app", "on", ">x"]}, False),
        ({"image": "redis:8", "command": ["redis-server", "/made/at/the/start.conf"]}, False),
        ({"image": "bitnami/redis:8"}, False),
    ],
)
def test_a_redis_that_lets_anybody_in_has_no_login(redis: dict[str, object], told: bool, tmp_path: Path) -> None:
    project = ResolvedProject(tmp_path, "declared", {"services": {"redis": redis}})
    seen = find_login_place(Files(subject=Subject(compose_file=tmp_path / "compose.yaml"), project=project))
    assert (seen.service, seen.has_no_login) == ("redis", told)
