"""Where a Redis answers, as its files say."""

import json
import re
import socket
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest

from checks.core.tests.cases import Case, accepted, parametrized, text_of
from checks.roles.redis import endpoint, tunnel
from checks.roles.redis.endpoint import address_of, endpoint_of
from checks.subject.profile import Subject
from checks.subject.stack import Stack
from checks.subject.tests.resolved import resolved
from stack.driver.errors import SubjectError
from stack.driver.runners.protocol import Runner

CASES = Path(__file__).with_name("cases")


def stack_with(redis: Mapping[str, object], directory: Path) -> Stack:
    services = {"api": {"image": "shop", "ports": [{"target": 80}]}, "redis": redis}
    return resolved(Subject(compose_file=directory / "compose.yaml"), directory, {"services": services})


@parametrized(CASES, "redis-endpoint")
def test_where_a_redis_answers(case: Case) -> None:
    config = json.loads(text_of(case, "config.json").replace("@DIR@", str(case["folder"])))
    found = endpoint_of(resolved(Subject(compose_file=case["folder"] / "compose.yaml"), case["folder"], config))
    assert str(found) in accepted(case)


@pytest.mark.parametrize(
    ("redis", "endpoint"),
    [
        ({"image": "bitnami/redis", "environment": {"REDIS_PORT_NUMBER": "6380"}}, "tcp:6380"),
        ({"image": "bitnami/valkey", "environment": {"VALKEY_TLS_ENABLED": "yes"}}, "tls:6379"),
        ({"image": "redis", "environment": {"REDIS_PASSWORD": "6380"}}, "tcp:6379"),
        ({"image": "redis", "command": ["sh", "/start.sh"]}, "tcp:6379"),
    ],
)
def test_where_its_image_is_told_that_it_answers(redis: Mapping[str, object], endpoint: str, tmp_path: Path) -> None:
    assert str(endpoint_of(stack_with(redis, tmp_path))) == endpoint


def test_a_setting_in_its_configuration_counts(tmp_path: Path) -> None:
    (tmp_path / "redis.conf").write_text("port 0\nunixsocket /run/redis.sock\n")
    mounted = [{"type": "bind", "source": str(tmp_path / "redis.conf"), "target": "/etc/redis.conf"}]
    redis = {"image": "redis", "command": ["redis-server", "/etc/redis.conf"], "volumes": mounted}
    assert str(endpoint_of(stack_with(redis, tmp_path))) == "unix:/run/redis.sock"


def on_a_socket(path: Path, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Stack:
    """A stack whose Redis answers at a path of this machine."""
    monkeypatch.setattr(tunnel, "ROOT_OF", "/")
    monkeypatch.setattr(endpoint, "_TUNNELS", {})
    redis = {"image": "redis", "command": ["redis-server", "--port", "0", "--unixsocket", str(path)]}
    stack = stack_with(redis, folder)
    container = SimpleNamespace(id="x", state=SimpleNamespace(pid=1))
    return replace(stack, runner=cast("Runner", SimpleNamespace(container=lambda _: container)))


def test_one_tunnel_leads_to_what_speaks_no_plain_tcp(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket(socket.AF_UNIX) as door:
        door.bind(str(tmp_path / "s"))
        door.listen()
        stack = on_a_socket(tmp_path / "s", tmp_path, monkeypatch)
        assert re.fullmatch(r"127\.0\.0\.1:\d+", address_of(stack))
        assert address_of(stack) == address_of(stack)


def test_a_tunnel_to_nobody_is_told_in_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(SubjectError, match=r"`redis` at unix:.*nobody cannot be spoken to: "):
        address_of(on_a_socket(tmp_path / "nobody", tmp_path, monkeypatch))
