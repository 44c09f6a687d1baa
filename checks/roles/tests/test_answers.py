"""A role that files leave open, or unplayed, is settled by who answers as it does."""

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from checks.roles.answers import settled, speaks_as
from checks.roles.redis.tests.line_server import serving
from checks.subject.profile import Subject
from checks.subject.roles import Absent, Finding, Found, Open, Role
from checks.subject.stack import Stack
from checks.subject.tests.resolved import resolved
from stack.driver.errors import StackError
from stack.driver.runners.protocol import Runner

NOBODY = "127.0.0.1:1"
PONG, DENIED = {b"*1": b"+PONG\r\n"}, {b"*1": b"-NOAUTH Authentication required.\r\n"}
WEB = {"image": "shop", "ports": [{"target": 8000}]}


@contextmanager
def http(answer: bytes) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def stack_with(directory: Path, addresses: Mapping[str, str], **services: dict[str, Any]) -> Stack:
    def address(service: str, port: int) -> str:
        asked.append((service, port))
        if service not in addresses:
            raise StackError(f"`{service}` is on no network")
        return addresses[service]

    asked: list[tuple[str, int]] = []
    container = SimpleNamespace(config=SimpleNamespace(exposed_ports={"7000/tcp": {}, "53/udp": {}}))
    runner = SimpleNamespace(address=address, container=lambda _: container, asked=asked)
    found = resolved(Subject(compose_file=directory / "compose.yaml"), directory, {"services": services})
    return replace(found, runner=cast(Runner, runner))


@pytest.mark.parametrize(("answers", "speaks"), [(PONG, True), (DENIED, True), ({b"*1": b"HTTP/1.1 400\r\n"}, False)])
def test_a_redis_is_known_by_its_answer(answers: Mapping[bytes, bytes], speaks: bool) -> None:
    with serving(answers) as (address, _):
        assert speaks_as(Role.REDIS)(address) is speaks
    assert not speaks_as(Role.REDIS)(NOBODY)


@pytest.mark.parametrize(
    ("answer", "serves"),
    [(b'{"status":"success","data":{"version":"2.53.3"}}', True), (b'{"data":[]}', False), (b"hello", False)],
)
def test_a_prometheus_is_known_by_its_api(answer: bytes, serves: bool) -> None:
    with http(answer) as address:
        assert speaks_as(Role.PROMETHEUS)(address) is serves
    assert not speaks_as(Role.PROMETHEUS)(NOBODY)


def test_a_redis_of_an_unknown_image_is_found_where_it_runs(tmp_path: Path) -> None:
    known: dict[Role, Finding] = {}
    with serving(PONG) as (address, _):
        stack = stack_with(tmp_path, {"store": address, "web": NOBODY}, web=WEB, store={"image": "ours/store:1"})
        found = settled(stack, known)
    assert found.roles.findings[Role.REDIS] == Found(service="store", because="it answers PING in RESP")
    assert isinstance(found.roles.findings[Role.PROMETHEUS], Absent)
    assert ("store", 7000) in cast(Any, stack.runner).asked
    assert ("web", 8000) in cast(Any, stack.runner).asked


def test_of_two_that_look_like_it_the_one_that_answers_is_it(tmp_path: Path) -> None:
    redis = {"image": "redis:8"}
    with serving(DENIED) as (address, _):
        stack = stack_with(tmp_path, {"one": address, "two": NOBODY}, web=WEB, one=redis, two=redis)
        assert isinstance(stack.roles.findings[Role.REDIS], Open)
        assert settled(stack, {}).roles[Role.REDIS] == "one"


def test_two_that_answer_leave_it_open(tmp_path: Path) -> None:
    redis = {"image": "redis:8"}
    with serving(PONG) as (address, _):
        stack = stack_with(tmp_path, {"one": address, "two": address}, web=WEB, one=redis, two=redis)
        assert isinstance(settled(stack, {}).roles.findings[Role.REDIS], Open)


def test_who_was_asked_once_is_not_asked_again(tmp_path: Path) -> None:
    known: dict[Role, Finding] = {}
    stack = stack_with(tmp_path, {}, web=WEB)
    settled(stack, known)
    before = len(cast(Any, stack.runner).asked)
    assert before > 0
    assert settled(stack, known).roles.findings[Role.REDIS] == stack.roles.findings[Role.REDIS]
    assert len(cast(Any, stack.runner).asked) == before


def test_what_files_tell_is_not_asked(tmp_path: Path) -> None:
    stack = stack_with(tmp_path, {}, web=WEB, cache={"image": "redis:8"}, eyes={"image": "prom/prometheus:v2"})
    assert settled(stack, {}) is stack
    assert cast(Any, stack.runner).asked == []
