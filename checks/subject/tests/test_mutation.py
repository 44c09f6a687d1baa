"""Mutations take hold on the files that ship, or say that they could not."""

import os
import shutil
import stat
from pathlib import Path

import pytest

from checks.requirements.r3_durability.mutations import (
    damage_repaired_at_the_start,
    data_thrown_away_at_the_start,
    fsync_every_second,
    nothing_saved,
    torn_tail_stops_the_start,
)
from checks.requirements.r4_redis_acl.mutations import (
    app_may_do_everything,
    app_may_not_write,
    app_without_a_password,
    password_in_the_acl_file,
    password_on_the_command_line,
    probe_may_do_more,
    user_who_adds_users,
)
from checks.requirements.r6_metrics.mutations import metrics_dropped, wrong_scrape_path
from checks.requirements.r9_self_healing.mutations import no_healer, undeclared_dependency
from checks.roles.redis import mutations
from checks.subject import mutation, profile
from checks.subject.stack import Mutation, Stack
from checks.subject.tests.resolved import resolved
from stack import SHIPPED
from stack.driver.errors import StackError
from stack.ops import secrets

CONFIG = {
    "services": {
        "api": {"image": "api", "ports": [{"target": 5000}]},
        "redis": {"image": "redis", "entrypoint": ["redis-server", "/etc/redis.conf"]},
        "prometheus": {"image": "prometheus"},
    }
}


@pytest.fixture
def stack(tmp_path: Path) -> Stack:
    """A copy of the shipped directory with secrets in it, as a fresh stack starts from; resolved by hand."""
    directory = tmp_path / "copy"
    shutil.copytree(SHIPPED, directory, ignore=shutil.ignore_patterns(*profile.read(SHIPPED).leave_out))
    secrets.ensure(directory / "secrets", {"api": os.geteuid(), "redis": os.geteuid()})
    return resolved(profile.read(directory), directory, CONFIG)


def files(stack: Stack) -> dict[str, str]:
    found = [path for path in stack.project.directory.rglob("*") if path.is_file()]
    return {str(path.relative_to(stack.project.directory)): path.read_text() for path in found}


@pytest.mark.parametrize(
    ("mutation", "file", "line"),
    [
        (mutations.default_user_on, "secrets/redis-users.acl", "user default on nopass ~* &* +@all"),
        (app_may_do_everything, "secrets/redis-users.acl", "~item:* ~* &* +@all"),
        (app_may_not_write, "secrets/redis-users.acl", "~item:* -@all +get +ping"),
        (app_without_a_password, "secrets/redis-users.acl", "user app on nopass resetchannels ~item:*"),
        (password_in_the_acl_file, "secrets/redis-users.acl", "user app on >"),
        (probe_may_do_more, "secrets/redis-users.acl", "resetkeys -@all +ping +info\n"),
        (user_who_adds_users("one"), "secrets/redis-users.acl", "-@all\nuser keeper on #"),
        (torn_tail_stops_the_start, ".compliance.override.yaml.0", '"--aof-load-truncated", "no"]'),
        (damage_repaired_at_the_start, ".compliance.override.yaml.0", "redis-check-aof --fix $$each"),
        (data_thrown_away_at_the_start, ".compliance.override.yaml.0", "-mindepth 1 -delete"),
        (password_on_the_command_line, ".compliance.override.yaml.0", '"--requirepass", '),
        (wrong_scrape_path, "prometheus/prometheus.yml", "metrics_path: /prom-metrics-of-another"),
        (metrics_dropped, "prometheus/prometheus.yml", "action: drop"),
        (fsync_every_second, ".compliance.override.yaml.0", '"--appendfsync", "everysec"]'),
        (nothing_saved, ".compliance.override.yaml.0", '"--appendonly", "no", "--save", ""]'),
        (no_healer, ".compliance.override.yaml.0", "healer: { profiles: [removed] }"),
        (undeclared_dependency, ".compliance.override.yaml.0", '"api": { depends_on: !reset {} }'),
    ],
)
def test_a_mutation_changes_what_it_says(stack: Stack, mutation: Mutation, file: str, line: str) -> None:
    before = files(stack)
    mutation(stack)
    changed = {name for name, text in files(stack).items() if before.get(name) != text}
    assert changed - {".compliance.override.yaml.0"} == {file} - {".compliance.override.yaml.0"}
    assert line in files(stack)[file]


def test_the_password_that_the_service_has_opens_the_default_user(stack: Stack) -> None:
    digest = secrets._digest(stack.credentials.password("app"))
    mutations.default_user_with_the_apps_password(stack)
    assert files(stack)["secrets/redis-users.acl"].startswith(f"user default on #{digest} ~* &* +@all\n")


def test_a_mutated_file_keeps_its_mode(stack: Stack) -> None:
    app_may_not_write(stack)
    assert stat.S_IMODE((stack.project.directory / "secrets" / "redis-users.acl").stat().st_mode) == 0o400


def test_a_mutated_service_is_mounted_over_the_images(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mutation, "file_in_image", lambda _, service, path: f"# {service} {path}\nreturn 503\n")
    mutation.service_with("app.py", "503", "404")(stack)
    assert files(stack)["app.py"] == "# api /app/service/app.py\nreturn 404\n"
    assert '"./app.py:/app/service/app.py:ro"' in files(stack)[".compliance.override.yaml.0"]
    with pytest.raises(StackError, match="and it is there 0 times"):
        mutation.service_with("app.py", "200", "404")(stack)


@pytest.mark.parametrize("copies", [0, 2])
def test_a_mutation_that_cannot_take_hold_says_so(stack: Stack, copies: int) -> None:
    configuration = stack.project.directory / "prometheus" / "prometheus.yml"
    text = configuration.read_text()
    configuration.unlink()
    for number in range(copies):
        (stack.project.directory / f"prometheus-{number}.yml").write_text(text)
    with pytest.raises(StackError, match=f"and {copies} have it"):
        wrong_scrape_path(stack)
    assert [path.read_text() for path in stack.project.directory.glob("prometheus-*.yml")] == [text] * copies
