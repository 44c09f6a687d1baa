"""The health probe, run as Docker runs it."""

import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

import service
from service.tests.conftest import free_port, running, settings

PROBE = Path(service.__file__).with_name("probe.sh")
HANGS = 5.0  # a probe that takes longer than this would not have ended


def run(port: int, *, seconds: float = 1.0) -> tuple[int, str]:
    """How it ended, and what Docker keeps of what it said."""
    command = ["bash", str(PROBE), str(port), str(seconds)]
    done = subprocess.run(command, stdout=-1, stderr=subprocess.STDOUT, timeout=HANGS, check=False)
    return done.returncode, done.stdout.decode("ascii", "replace")


@contextmanager
def saying(answer: bytes, *, every: float = 0.0) -> Iterator[int]:
    """A server of one connection, which it feeds byte by byte when told how slowly."""

    def serve() -> None:
        client, _ = listener.accept()
        with closing(client):
            asked = b""
            while not asked.endswith(b"\r\n\r\n"):
                asked += client.recv(1024)
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


OK = b'HTTP/1.1 200 OK\r\ncontent-length: 15\r\n\r\n{"status":"ok"}'


def test_ok_is_healthy() -> None:
    with saying(OK) as port:
        assert run(port) == (0, 'HTTP/1.1 200 OK {"status":"ok"} \n')


def test_the_service_is_healthy(service: str) -> None:
    code, line = run(port_of(service))
    assert (code, line) == (0, 'HTTP/1.1 200 OK {"status":"ok"} \n')


def test_service_without_redis_is_unhealthy() -> None:
    with running(settings(free_port())) as address:
        code, line = run(port_of(address))
    assert (code, line) == (1, 'HTTP/1.1 503 Service Unavailable {"status":"failure"} \n')


def test_it_is_told_when_redis_was_only_late(silent_port: int) -> None:
    with running(settings(silent_port, timeout=0.2)) as address:
        code, line = run(port_of(address))
    assert code == 1
    assert "proxy-status: redis; error=connection_read_timeout" in line


def test_nobody_there_is_unhealthy() -> None:
    code, line = run(free_port())
    assert code == 1
    assert "Connection refused" in line


@pytest.mark.parametrize("answer", [b"", b"\xff200", b"200", b"HTTP/1.1 2000 OK", b"HTTP/1.1 404 200", b"HTTP/1.1 20"])
def test_anything_but_ok_is_unhealthy(answer: bytes) -> None:
    with saying(answer) as port:
        assert run(port)[0] == 1


def test_silence_is_unhealthy_in_good_time(silent_port: int) -> None:
    assert run(silent_port, seconds=0.1) == (1, f"no answer on 127.0.0.1:{silent_port} within 0.1 s: timed out\n")


def test_answer_that_trickles_in_is_unhealthy_in_good_time() -> None:
    with saying(OK, every=0.05) as port:
        code, line = run(port, seconds=0.2)
    assert code == 1
    assert line.endswith("timed out\n")


def test_answer_without_end_is_not_read_to_its_end() -> None:
    with saying(OK + b"x" * 10_000_000) as port:
        code, line = run(port)
    assert code == 0
    assert len(line) < 4096 + 2


def port_of(address: str) -> int:
    return int(address.rpartition(":")[2])
