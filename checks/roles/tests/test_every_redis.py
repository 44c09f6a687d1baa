"""Every Redis beside the one in the role is found, by files and by what answers; who is none is left alone."""

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from checks.roles import every_redis
from checks.roles.every_redis import Place, ports_in
from checks.roles.redis.tests.line_server import serving
from checks.subject.profile import Subject
from checks.subject.roles import Role
from checks.subject.stack import Stack
from checks.subject.tests.resolved import resolved
from stack.driver import docker
from stack.driver.errors import StackError
from stack.driver.runners.protocol import Runner

TCP = """\
  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 00000000:18EB 00000000:0000 0A 00000000:00000000 00:00000000 00000000   999        0 1 1 0000 100 0 0 10 0
   1: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000   999        0 2 1 0000 100 0 0 10 0
   2: 0B00007F:9C4F 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 3 1 0000 100 0 0 10 0
   3: 020012AC:18EB 030012AC:D2F0 01 00000000:00000000 00:00000000 00000000   999        0 4 1 0000 100 0 0 10 0
"""
TCP6 = """\
  sl  local_address                         remote_address                        st tx_queue rx_queue
   0: 00000000000000000000000000000000:1388 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000
   1: 00000000000000000000000001000000:2382 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000
"""
SPOKEN = {b"*1": b"", b"$4": b"", b"PING": b"+PONG\r\n"}


def stack_with(folder: Path, **services: dict[str, Any]) -> Stack:
    subject = Subject(compose_file=folder / "compose.yaml", roles={Role.REDIS: "redis"})
    redis = {"image": "redis:8", "command": ["redis-server", "--port", "6379"]}
    return resolved(subject, folder, {"services": {"api": {"image": "shop"}, "redis": redis, **services}})


@pytest.mark.parametrize(
    ("spec", "is_one"),
    [
        ({"image": "redis:7"}, True),
        ({"image": "registry.local/team/valkey:8"}, True),
        ({"image": "shop", "command": ["sh", "-c", "sleep 1; exec redis-server --port 7000"]}, True),
        ({"image": "redis:7", "command": ["redis-cli", "-h", "redis", "PING"]}, False),
        ({"image": "redis:7", "command": ["redis-sentinel", "/etc/sentinel.conf"]}, False),
        ({"image": "oliver006/redis_exporter:v1"}, False),
        ({"image": "redis:7", "deploy": {"replicas": 0}}, False),
        ({"image": "redis-of-mine/web:1"}, False),
    ],
)
def test_another_redis_is_known_by_its_files(spec: dict[str, Any], is_one: bool, tmp_path: Path) -> None:
    assert ("other" in every_redis.told_by_files(stack_with(tmp_path, other=spec))) is is_one


def test_each_is_another_where_nothing_tells_which_is_meant(tmp_path: Path) -> None:
    stack = stack_with(tmp_path, other={"image": "redis:7"})
    open_to_all = replace(stack, subject=replace(stack.subject, roles={}), _roles={})
    assert [*every_redis.told_by_files(open_to_all)] == ["redis", "other"]


def test_ports_for_others_are_read_from_the_kernel() -> None:
    assert list(ports_in(TCP + TCP6)) == [6379, 5000]


@pytest.mark.parametrize(("answer", "is_open"), [("+PONG", True), ("-DENIED x", True), ("-NOAUTH x", False)])
def test_who_obeys_without_a_login_is_open(answer: str, is_open: bool) -> None:
    assert Place(service="cache", port=6380, answer=answer).open is is_open


@pytest.mark.parametrize(("role", "found"), [(b"*3\r\n", 1), (b"-ERR unknown command\r\n", 1), (b"*2\r\n", 0)])
def test_every_port_but_its_own_is_asked(
    role: bytes, found: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(docker, "run_inside", lambda *_: (0, TCP.replace("0100007F:1F90", "00000000:1F90")))
    with serving({**SPOKEN, b"ROLE": role}) as (address, _):
        seen = every_redis.told_by_answers(running(stack_with(tmp_path), address))
    assert [str(place) for place in seen] == ["redis port 8080"] * found


def running(stack: Stack, address: str) -> Stack:
    """Its Redis listens on two ports, and nothing else of it runs."""

    def container(service: str) -> SimpleNamespace:
        if service != "redis":
            raise StackError(f"`{service}` is away")
        return SimpleNamespace(id="1", network_settings=SimpleNamespace(networks={"backend": None}))

    runner = SimpleNamespace(container=container, address=lambda _, __: address)
    return replace(stack, runner=cast(Runner, runner))
