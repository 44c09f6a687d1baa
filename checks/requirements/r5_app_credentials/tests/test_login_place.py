"""Whether files say that there is a login to be had at Redis."""

from pathlib import Path

import pytest

from checks.requirements.r5_app_credentials.declared import find_login_place, find_running_login_place
from checks.subject.profile import Subject
from checks.subject.stack import Files
from checks.subject.tests.resolved import ResolvedProject
from stack.driver.errors import SubjectError


@pytest.mark.parametrize(
    ("redis", "told"),
    [
        ({"image": "redis:8"}, True),
        ({"build": {"dockerfile_inline": "FROM redis:8\n"}}, True),
        ({"image": "redis:8", "command": ["redis-server", "--requirepass", "x"]}, False),
        ({"image": "redis:8", "command": ["redis-server", "--user", "app", "on", ">x"]}, False),
    ],
)
def test_a_redis_that_lets_anybody_in_has_no_login(redis: dict[str, object], told: bool, tmp_path: Path) -> None:
    seen = find_login_place(files(redis, tmp_path))
    assert (seen.service, seen.has_no_login) == ("redis", told)


@pytest.mark.parametrize(
    "redis",
    [{"image": "redis:8", "command": ["redis-server", "/made/at/the/start.conf"]}, {"image": "bitnami/redis:8"}],
)
def test_what_files_do_not_tell_is_not_decided_by_them(redis: dict[str, object], tmp_path: Path) -> None:
    with pytest.raises(SubjectError):
        find_login_place(files(redis, tmp_path))
    seen = find_running_login_place(files(redis, tmp_path))
    assert (seen.service, seen.has_no_login) == ("redis", False)


def files(redis: dict[str, object], folder: Path) -> Files:
    project = ResolvedProject(folder, "declared", {"services": {"redis": redis}})
    return Files(subject=Subject(compose_file=folder / "compose.yaml"), project=project)
