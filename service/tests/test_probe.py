"""The health probe, run as Docker runs it."""

import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from service import probe
from service.tests.conftest import free_port, running, settings


def run(port: int) -> tuple[int, str]:
    command = [sys.executable, "-I", "-S", str(Path(probe.__file__)), str(port)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=5, check=False)
    assert done.stderr == ""
    return done.returncode, done.stdout


@contextmanager
def saying(answer: bytes, *, every: float = 0.0) -> Iterator[int]:
    """A server of one connection, which it feeds byte by byte when told how slowly."""

    def serve() -> None:
        client, _ = listener.accept()
        with closing(client):
            client.recv(1024)
            for piece in [answer] if not every else [bytes([byte]) for byte in answer]:
                try:
                    client.sendall(piece)
                except OSError:
                    return  # the probe has given up, which is what this is for
                time.sleep(every)

    with closing(socket.create_server(("127.0.0.1", 0))) as listener:
        thread = threading.Thread(target=serve)
        thread.start()
        yield int(listener.getsockname()[1])
        thread.join()


def test_ok_is_healthy() -> None:
    with saying(b'HTTP/1.1 200 OK\r\n\r\n{"status":"ok"}') as port:
        assert run(port) == (0, 'HTTP/1.1 200 OK {"status":"ok"}\n')


def test_service_without_redis_is_unhealthy() -> None:
    with running(settings(free_port())) as address:
        code, line = run(int(address.rpartition(":")[2]))
    assert (code, line) == (1, 'HTTP/1.1 503 Service Unavailable {"status":"failure"}\n')


def test_it_is_told_when_redis_was_only_late(silent_port: int) -> None:
    with running(settings(silent_port, timeout=0.2)) as address:
        code, line = run(int(address.rpartition(":")[2]))
    assert code == 1
    assert "connection_read_timeout" in line


def test_nobody_there_is_unhealthy() -> None:
    code, line = run(free_port())
    assert code == 1
    assert "Connection refused" in line


@pytest.mark.parametrize("answer", [b"", b"\xff200", b"200", b"HTTP/1.1 2000 OK", b"HTTP/1.1 404 200"])
def test_anything_but_ok_is_unhealthy(answer: bytes) -> None:
    assert probe.verdict(answer)[0] == 1


def test_silence_is_unhealthy_in_good_time(silent_port: int) -> None:
    with pytest.raises(TimeoutError):
        probe.answer(silent_port, seconds=0.1)


def test_answer_that_trickles_in_is_unhealthy_in_good_time() -> None:
    with saying(b"HTTP/1.1 200 OK\r\n", every=0.05) as port, pytest.raises(TimeoutError):
        probe.answer(port, seconds=0.2)
