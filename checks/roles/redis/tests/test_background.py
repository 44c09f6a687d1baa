"""What is left running beside Redis is told; a script that starts Redis alone is not objected to."""

from pathlib import Path

import pytest

from checks.roles.redis.background import changed_by_checks, changed_by_services, in_script, left_running
from checks.subject.profile import Subject
from checks.subject.stack import Stack
from checks.subject.tests.resolved import resolved


@pytest.mark.parametrize(
    "script",
    [
        "(sleep 900; redis-cli CONFIG SET appendfsync everysec) & exec redis-server",
        "redis-server /c.conf & sleep 2; redis-cli ACL LOAD; wait",
        "nohup /later.sh; exec redis-server",
        "sh -c 'sleep 900; /later.sh &'; exec redis-server",
        "setsid later\nexec redis-server",
    ],
)
def test_what_goes_on_beside_it_is_told(script: str) -> None:
    assert list(in_script(script))


@pytest.mark.parametrize(
    "script",
    [
        "exec redis-server /c.conf",
        "sleep 1 && exec redis-server /c.conf 2>&1",
        "mkdir -p /data && chown redis /data || exit 1; exec redis-server",
        "cat a b &>/tmp/c.conf; exec redis-server /tmp/c.conf >>/log 2>&1",
        "exec redis-server --user 'app on >x ~* &* +@all'",
        "# started & watched elsewhere\nexec redis-server",
    ],
)
def test_a_start_of_redis_alone_is_in_order(script: str) -> None:
    assert list(in_script(script)) == []


def stack_with(folder: Path, **spec: object) -> Stack:
    subject = Subject(compose_file=folder / "compose.yaml")
    redis = {"image": "redis:8", **spec}
    return resolved(subject, folder, {"services": {"api": {"image": "shop"}, "redis": redis}})


def test_the_script_of_a_shell_is_read_wherever_it_stands(tmp_path: Path) -> None:
    stack = stack_with(tmp_path, entrypoint=["tini", "--", "/bin/sh", "-ec"], command=["later & exec redis-server"])
    assert left_running(stack) == ("later & exec redis-server",)


def test_users_on_a_command_line_are_no_script(tmp_path: Path) -> None:
    assert left_running(stack_with(tmp_path, command=["redis-server", "--user", "app on >x ~* &* +@all"])) == ()


def test_a_mounted_script_is_read(tmp_path: Path) -> None:
    (tmp_path / "start.sh").write_text("#!/bin/sh\nlater &\nexec redis-server\n")
    mount = {"type": "bind", "source": str(tmp_path / "start.sh"), "target": "/start.sh"}
    assert left_running(stack_with(tmp_path, command=["sh", "/start.sh"], volumes=[mount])) == ("later &",)
    assert left_running(stack_with(tmp_path, command=["sh", "/start.sh"])) == ()


@pytest.mark.parametrize(
    ("test", "told"),
    [
        (
            [
                "CMD-SHELL",
                "test $(cut -d. -f1 /proc/uptime) -gt 900 && redis-cli config set appendfsync no; redis-cli ping",
            ],
            "CONFIG SET",
        ),
        (["CMD", "redis-cli", "-h", "redis", "ACL", "SETUSER", "x", "on"], "ACL SETUSER"),
        (["CMD", "sh", "-c", "valkey-cli flushall && valkey-cli ping"], "FLUSHALL"),
        (["CMD-SHELL", "redis-cli config get appendonly | grep yes"], ""),
        (["CMD", "redis-cli", "-e", "ping"], ""),
        (["CMD", "redis-cli", "ACL", "WHOAMI"], ""),
        (["CMD-SHELL", "app config set x"], ""),
    ],
)
def test_a_health_check_that_changes_something_is_told(test: list[str], told: str, tmp_path: Path) -> None:
    seen = changed_by_checks(stack_with(tmp_path, image="redis:8", healthcheck={"test": test}))
    assert [one.rpartition("cli ")[2] for one in seen] == ([told] if told else [])
    assert changed_by_checks(stack_with(tmp_path, image="redis:8")) == ()


SET = "redis-cli -h redis CONFIG SET appendfsync everysec"


def beside(folder: Path, **spec: object) -> Stack:
    """A project with one service more."""
    subject = Subject(compose_file=folder / "compose.yaml")
    services = {"api": {"image": "shop"}, "redis": {"image": "redis:8"}, "other": {"image": "redis:8", **spec}}
    return resolved(subject, folder, {"services": services})


@pytest.mark.parametrize(
    "spec",
    [
        {"command": ["sh", "-c", f"sleep 900; {SET}"], "restart": "always"},
        {"command": ["sh", "-c", f"sleep 900; {SET}"]},
        {"command": ["sh", "-c", f"sleep 1h && {SET}"], "restart": "on-failure"},
        {"command": ["sh", "-c", f"sleep $WAIT && {SET}"]},
        {"command": ["sh", "-c", f"while :; do sleep 5; {SET}; done"], "restart": "unless-stopped"},
        {"command": ["redis-cli", "-h", "redis", "ACL", "SETUSER", "default", "on"], "restart": "always"},
        {"command": ["valkey-cli", "-h", "redis", "REPLICAOF", "elsewhere", "6379"], "ports": ["80:80"]},
        {"labels": {"ofelia.job-exec.x.command": "redis-cli MODULE LOAD /data/x.so"}},
        {"labels": {"job": f"sh -c '{SET}'"}},
    ],
)
def test_a_service_that_changes_a_redis_later_is_told(spec: dict[str, object], tmp_path: Path) -> None:
    assert len(changed_by_services(beside(tmp_path, **spec))) == 1


@pytest.mark.parametrize(
    "spec",
    [
        {"command": ["sh", "-c", f"until redis-cli -h redis ping; do sleep 1; done; {SET}"]},
        {"command": ["redis-cli", "-h", "redis", "ACL", "SETUSER", "app", "on"], "restart": "no"},
        {"command": ["sh", "-c", "while sleep 60; do redis-cli -h redis INFO; done"], "restart": "always"},
        {
            "command": ["redis-cli", "-h", "redis", "CONFIG", "SET", "notify-keyspace-events", "KEA"],
            "restart": "always",
        },
        {"command": ["sh", "-c", "sleep 900; redis-cli -h redis BGREWRITEAOF"], "restart": "always"},
        {"command": ["serve", "config", "set", "dir"], "restart": "always"},
        {"labels": {"traefik.enable": "true", "title": "redis-cli for everybody: it's new", "empty": ""}},
    ],
)
def test_a_service_that_sets_up_or_looks_is_left_in_peace(spec: dict[str, object], tmp_path: Path) -> None:
    assert changed_by_services(beside(tmp_path, **spec)) == ()
