"""A tunnel leads plain TCP to a Unix socket or through TLS, time and again, and ends where nobody answers."""

import socket
import socketserver
import ssl
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from checks.roles.redis.tunnel import Tunnel, dialled
from checks.roles.redis.wire import CLOSED, Wire, packed

PING, LONG = packed("PING"), packed("SET", "k", "v" * 300_000)


class Counts(socketserver.StreamRequestHandler):
    """Answers each request with the bytes of its words."""

    def handle(self) -> None:
        while head := self.rfile.readline():
            total = 0
            for _ in range(int(head[1:])):
                length = int(self.rfile.readline()[1:])
                total += len(self.rfile.read(length + 2)) - 2
            self.wfile.write(b"+%d\r\n" % total)


@contextmanager
def serving(server: socketserver.BaseServer) -> Iterator[None]:
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()


class OnUnix(socketserver.ThreadingUnixStreamServer):
    daemon_threads = True


class OverTcp(socketserver.ThreadingTCPServer):
    daemon_threads = True


def to_unix(path: Path) -> Callable[[], socket.socket]:
    return lambda: dialled(str(path))


def test_a_unix_socket_is_reached_time_and_again(tmp_path: Path) -> None:
    path = tmp_path / "redis.sock"
    tunnel = Tunnel(to_unix(path))
    for _ in range(2):
        with serving(OnUnix(str(path), Counts)), Wire(tunnel.address) as wire:
            assert [wire.ask(PING), wire.ask(LONG), wire.ask(PING)] == ["+4", "+300004", "+4"]
        path.unlink()


def test_where_nobody_answers_the_connection_ends(tmp_path: Path) -> None:
    with Wire(Tunnel(to_unix(tmp_path / "nobody")).address) as wire:
        assert wire.ask(PING) == CLOSED


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    both = tmp_path_factory.mktemp("tls") / "both.pem"
    options = ["-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=redis", "-days", "2"]
    subprocess.run(
        ["openssl", "req", *options, "-keyout", both, "-out", f"{both}.crt"], check=True, capture_output=True
    )
    both.write_text(both.read_text() + Path(f"{both}.crt").read_text())
    return both


def test_tls_is_spoken_both_ways(certificate: Path) -> None:
    """Tickets of TLS come before any answer, and are none."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate)
    server = OverTcp(("127.0.0.1", 0), Counts, bind_and_activate=True)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    client = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    client.check_hostname, client.verify_mode = False, ssl.CERT_NONE

    def dial() -> socket.socket:
        return client.wrap_socket(socket.create_connection(server.socket.getsockname(), timeout=3))

    with serving(server), Wire(Tunnel(dial).address) as wire:
        assert [wire.ask(PING), wire.ask(LONG), wire.ask(PING)] == ["+4", "+300004", "+4"]
