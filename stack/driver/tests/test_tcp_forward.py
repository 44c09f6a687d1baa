"""The forwarder carries bytes both ways, and ends when either side does."""

import socket
import subprocess
import sys
from collections.abc import Callable, Iterator

import pytest

from stack.driver.agents.tcp_forward import READY
from stack.driver.helper import TCP_FORWARD

FAR = "127.0.0.2"  # the forwarder listens on the port that it leads to, in a container of its own; here on 127.0.0.1
SCRIPT = TCP_FORWARD.replace('"0.0.0.0"', '"127.0.0.1"')
Connect = Callable[[], socket.socket]


@pytest.fixture
def far() -> Iterator[socket.socket]:
    with socket.create_server((FAR, 0)) as server:
        server.settimeout(2)
        yield server


@pytest.fixture
def connect(far: socket.socket) -> Iterator[Connect]:
    port = far.getsockname()[1]
    command = [sys.executable, "-I", "-S", "-c", SCRIPT, FAR, str(port)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as forwarder:
        assert forwarder.stdout is not None
        assert forwarder.stdout.readline().strip() == READY
        yield lambda: socket.create_connection(("127.0.0.1", port), timeout=2)
        forwarder.terminate()


def receive(side: socket.socket, count: int) -> bytes:
    found = b""
    while len(found) < count and (data := side.recv(count - len(found))):
        found += data
    return found


def test_bytes_are_carried_both_ways(far: socket.socket, connect: Connect) -> None:
    with connect() as near, far.accept()[0] as end:
        for word in (b"PING\r\n", bytes(range(256)) * 500):
            near.sendall(word)
            assert receive(end, len(word)) == word
            end.sendall(word[::-1])
            assert receive(near, len(word)) == word[::-1]


def test_connections_do_not_mix(far: socket.socket, connect: Connect) -> None:
    with connect() as one, far.accept()[0] as end_of_one, connect() as two, far.accept()[0] as end_of_two:
        one.sendall(b"one")
        two.sendall(b"two")
        assert (receive(end_of_one, 3), receive(end_of_two, 3)) == (b"one", b"two")


@pytest.mark.parametrize("near_first", [True, False])
def test_when_one_side_closes_the_other_gets_all_it_said(
    far: socket.socket, connect: Connect, near_first: bool
) -> None:
    with connect() as near, far.accept()[0] as end:
        leaving, staying = (near, end) if near_first else (end, near)
        staying.settimeout(2)
        leaving.sendall(b"bye")
        leaving.close()
        assert (receive(staying, 3), staying.recv(1)) == (b"bye", b"")


def test_a_far_side_that_refuses_closes_one_connection_only(far: socket.socket, connect: Connect) -> None:
    address = far.getsockname()
    far.close()
    with connect() as near:
        assert near.recv(1) == b""
    with socket.create_server(address) as again, connect() as near, again.accept()[0] as end:
        near.sendall(b"back")
        assert receive(end, 4) == b"back"
