"""What a client may do to the service on its connection: nothing that others notice."""

import re
import resource
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import replace

import pytest

from service.settings import Limits
from service.tests.conftest import free_port, get, put, running, settings

LIMITS = Limits(
    request_seconds=0.6,
    idle_seconds=0.6,
    answer_seconds=1.0,
    connections=40,
    pipelined=4,
    received_bytes=3_000_000,
    unread_bytes=2_000_000,
)
GET = b"GET /get/one HTTP/1.1\r\nHost: test\r\n\r\n"
CHUNKED = b"POST /set HTTP/1.1\r\nHost: test\r\nTransfer-Encoding: chunked\r\n\r\n"
STATUS = re.compile(rb"HTTP/1\.1 (\d{3}) ")
MANY = 200
VERY_MANY = 1000
SWIFT_SECONDS = 5.0


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """Of a service without Redis: it answers 503, and that it does."""
    with running(settings(free_port(), limits=LIMITS)) as address:
        yield address


@contextmanager
def connection(address: str) -> Iterator[socket.socket]:
    host, _, port = address.removeprefix("http://").partition(":")
    with closing(socket.create_connection((host, int(port)), timeout=5)) as client:
        yield client


def everything(client: socket.socket) -> bytes:
    """Until the service hangs up."""
    got = b""
    while True:
        try:
            part = client.recv(65536)
        except ConnectionResetError:
            return got
        if not part:
            return got
        got += part


def statuses(address: str, sent: bytes) -> list[int]:
    """What is answered to this, on a connection of its own, until the service hangs up."""
    with connection(address) as client:
        client.sendall(sent)
        return [int(one) for one in STATUS.findall(everything(client))]


def is_swift(address: str) -> bool:
    """Not held up by an attack, which takes longer than a busy machine does."""
    start = time.monotonic()
    answer = get(address, "/healthcheck")
    return answer.status_code == 503 and time.monotonic() - start < SWIFT_SECONDS


def post(length: int, more: bytes = b"") -> bytes:
    return b"POST /set HTTP/1.1\r\nHost: test\r\nContent-Length: %d\r\n\r\n" % length + more


@pytest.mark.parametrize(
    "head",
    [
        b"GET / HTTP/1.1\r\nX: " + b"x" * LIMITS.head_bytes + b"\r\n\r\n",
        b"GET /" + b"x" * LIMITS.head_bytes + b" HTTP/1.1\r\n\r\n",
        b"GET / HTTP/1.1\r\n" + b"X: y\r\n" * (LIMITS.headers + 1) + b"\r\n",
        b"GET / HTTP/1.1\r\nX: " + b"x" * 300_000,
    ],
    ids=["value", "request line", "number", "without end"],
)
def test_head_that_is_too_large_is_refused(address: str, head: bytes) -> None:
    assert statuses(address, head) == [431]


def test_largest_head_is_taken(address: str) -> None:
    head = b"GET /get/one HTTP/1.1\r\nConnection: close\r\nX: "
    filler = b"x" * (LIMITS.head_bytes - len(head) - len(b"\r\n\r\n"))
    assert statuses(address, head + filler + b"\r\n\r\n") == [503]


@pytest.mark.parametrize("head", [b"GET / HTTP/1.1\r\nX: ", CHUNKED + b"1\r\nx\r\n0\r\nX: "], ids=["head", "trailer"])
def test_endless_header_delays_nobody(address: str, head: bytes) -> None:
    """40 MB of one header kept the service busy for 8 s, and two hundred of them had it killed."""
    with connection(address) as client:
        client.sendall(head)
        with suppress(ConnectionError, TimeoutError):  # it may hang up, which is what this is for
            for _ in range(40):
                client.sendall(b"x" * 1_000_000)
                assert is_swift(address)
        assert is_swift(address)


@pytest.mark.parametrize("length", [10_000_000, 100_000_000])
def test_large_body_is_refused_before_it_is_sent(address: str, length: int) -> None:
    assert statuses(address, post(length)) == [413]


@pytest.mark.parametrize("start", [b"G", GET[:-2], post(10, b"x"), b"\r\n"], ids=["byte", "head", "body", "nothing"])
def test_request_that_does_not_end_is_timed_out(address: str, start: bytes) -> None:
    begun = time.monotonic()
    assert statuses(address, start) == [408]
    assert time.monotonic() - begun < LIMITS.request_seconds + SWIFT_SECONDS


def test_request_that_trickles_in_is_timed_out(address: str) -> None:
    with connection(address) as client:
        client.settimeout(0.1)
        for byte in GET * 2:
            try:
                client.sendall(bytes([byte]))
                answer = client.recv(100)
            except TimeoutError:
                continue
            break
        assert answer.startswith(b"HTTP/1.1 408 ")


def test_idle_connection_is_closed(address: str) -> None:
    assert statuses(address, b"") == []
    assert statuses(address, GET) == [503]


def test_pipelined_requests_are_answered_in_turn(address: str) -> None:
    missing = GET.replace(b"/get/one", b"/missing")
    assert statuses(address, GET + missing + GET) == [503, 404, 503]


def test_too_many_pipelined_requests_are_refused(address: str) -> None:
    seen = statuses(address, GET * 100)
    assert seen == [503] * (len(seen) - 1) + [429]
    assert LIMITS.pipelined <= len(seen) - 1 <= LIMITS.pipelined + 1


def test_what_is_no_http_is_refused_after_what_was(address: str) -> None:
    assert statuses(address, GET + b"what?\r\n\r\n") == [503, 400]


@pytest.mark.parametrize(
    "smuggled",
    [
        b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"Content-Length: 0\r\nContent-Length: 38\r\n\r\n",
        b"Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n",
        b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
        b"Content-Length: +0\r\n\r\n",
        b"Content-Length : 0\r\n\r\n",
        b"X: y\nContent-Length: 0\r\n\r\n",
    ],
)
def test_request_inside_a_request_is_not_answered(address: str, smuggled: bytes) -> None:
    seen = statuses(address, b"POST /set HTTP/1.1\r\nHost: test\r\n" + smuggled + GET)
    assert seen == [400]


def test_many_bodies_at_once_are_bounded(address: str) -> None:
    with ExitStack() as stack:
        clients = [stack.enter_context(connection(address)) for _ in range(8)]
        for client in clients:
            client.sendall(post(1_000_000, b"x" * 900_000))
        time.sleep(0.2)
        assert is_swift(address)
        seen = [STATUS.findall(everything(client)) for client in clients]
    assert [b"503"] in seen
    assert [b"408"] in seen


def test_answers_that_nobody_takes_are_bounded(redis_port: int, caplog: pytest.LogCaptureFixture) -> None:
    with running(settings(redis_port, limits=LIMITS)) as address, ExitStack() as stack:
        assert put(address, "large", "x" * 900_000).status_code in {200, 201}
        clients = [stack.enter_context(connection(address)) for _ in range(20)]
        for client in clients:
            client.sendall(GET.replace(b"one", b"large") * 4)
        time.sleep(0.3)
        assert get(address, "/healthcheck").status_code in {200, 503}  # the latter where Redis was slow
        got = [len(everything(client)) for client in clients]
    assert min(got) < 3_600_000  # somebody was cut off
    assert "Traceback" not in caplog.text


def test_slow_reader_gets_all_of_its_answer(redis_port: int) -> None:
    """For longer than a connection may be idle."""
    with running(settings(redis_port, limits=LIMITS)) as address, connection(address) as client:
        assert put(address, "large", "x" * 900_000).status_code in {200, 201}
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
        client.sendall(GET.replace(b"one", b"large"))
        time.sleep(LIMITS.idle_seconds + 0.6)
        assert len(everything(client)) > 900_000


def test_others_get_in_whoever_fills_the_place() -> None:
    patient = replace(LIMITS, request_seconds=60.0, idle_seconds=60.0)  # to wait for those would be noticed
    with running(settings(free_port(), limits=patient)) as address, ExitStack() as stack:
        for _ in range(MANY):
            stack.enter_context(connection(address))
        assert is_swift(address)
        for _ in range(MANY):
            stack.enter_context(connection(address)).sendall(b"G")
        assert is_swift(address)


@contextmanager
def open_files(number: int) -> Iterator[None]:
    """Room for as many, which a shell may not give by itself."""
    before, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(before, min(number, most)), most))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (before, most))


def test_a_thousand_connections_delay_nobody() -> None:
    """All open at once, within the limits that ship: half of them silent, half with a request that does not end."""
    with open_files(3 * VERY_MANY), running(settings(free_port())) as address, ExitStack() as stack:
        clients = [stack.enter_context(connection(address)) for _ in range(VERY_MANY)]
        for client in clients[::2]:
            client.sendall(GET[:-2])
        assert is_swift(address)
        for client in clients[::2]:
            client.sendall(GET[-2:])
        assert {STATUS.match(client.recv(100))[1] for client in clients[::2]} == {b"503"}  # type: ignore[index]


@pytest.mark.parametrize("method", ["HEAD", "OPTIONS"])
@pytest.mark.parametrize("path", ["/get/one", "/healthcheck", "/prom-metrics", "/openapi.json"])
def test_methods_that_every_route_has(address: str, method: str, path: str) -> None:
    got = exchanged(address, f"{method} {path} HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n".encode())
    head, _, body = got.partition(b"\r\n\r\n")
    assert body == b""
    if method == "OPTIONS":
        assert b"\r\nallow: GET, HEAD, OPTIONS" in head.lower().replace(b"get, head, options", b"GET, HEAD, OPTIONS")
    else:
        assert STATUS.match(head)[1] in {b"200", b"503"}  # type: ignore[index]


def exchanged(address: str, sent: bytes) -> bytes:
    with connection(address) as client:
        client.sendall(sent)
        return everything(client)


def test_wrong_method_says_which_are_right(address: str) -> None:
    got = exchanged(address, b"GET /set HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n")
    assert got.startswith(b"HTTP/1.1 405 ")
    assert b"\r\nallow: OPTIONS, POST\r\n" in got
    assert b'{"type":"about:blank","title":"Method Not Allowed","status":405' in got


def test_expectation_is_met_only_where_the_body_would_be_taken(address: str) -> None:
    expecting = post(2_000_000).replace(b"\r\n\r\n", b"\r\nExpect: 100-continue\r\n\r\n")
    assert statuses(address, expecting) == [413]
