"""The mutations of R4 take hold on the files that ship."""

import hashlib
import stat
from pathlib import Path

import pytest

from checks.requirements.r4_redis_acl import mutations
from checks.roles.redis import mutations as of_redis
from checks.subject.stack import Mutation
from checks.subject.tests.resolved import FIRST_OVERRIDE, changed_by, shipped_copy, texts


@pytest.mark.parametrize(
    ("mutation", "file", "line"),
    [
        (of_redis.default_user_on, "secrets/redis-users.acl", "user default on nopass ~* &* +@all"),
        (mutations.app_may_do_everything, "secrets/redis-users.acl", "~item:* ~* &* +@all"),
        (mutations.app_may_not_write, "secrets/redis-users.acl", "~item:* -@all +get +ping"),
        (mutations.app_without_a_password, "secrets/redis-users.acl", "user app on nopass resetchannels ~item:*"),
        (mutations.password_in_the_acl_file, "secrets/redis-users.acl", "user app on >"),
        (mutations.probe_may_do_more, "secrets/redis-users.acl", "resetkeys -@all +ping +info\n"),
        (mutations.user_who_adds_users("one"), "secrets/redis-users.acl", "-@all\nuser keeper on #"),
        (mutations.password_on_the_command_line, FIRST_OVERRIDE, '"--requirepass", '),
    ],
)
def test_a_mutation_changes_what_it_says(mutation: Mutation, file: str, line: str, tmp_path: Path) -> None:
    changed = changed_by(mutation, tmp_path)
    assert set(changed) - {FIRST_OVERRIDE} == {file} - {FIRST_OVERRIDE}
    assert line in changed[file]


def test_a_mutated_file_keeps_its_mode(tmp_path: Path) -> None:
    stack = shipped_copy(tmp_path)
    mutations.app_may_not_write(stack)
    assert stat.S_IMODE((stack.project.directory / "secrets" / "redis-users.acl").stat().st_mode) == 0o400


def test_the_password_of_the_service_opens_the_default_user(tmp_path: Path) -> None:
    stack = shipped_copy(tmp_path)
    digest = hashlib.sha256(stack.credentials.password("app").encode()).hexdigest()
    of_redis.default_user_with_the_apps_password(stack)
    assert texts(stack)["secrets/redis-users.acl"].startswith(f"user default on #{digest} ~* &* +@all\n")
