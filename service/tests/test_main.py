"""The process: how it starts, and how it ends."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from service.tests.conftest import answers, free_port, wait_until

ROOT = Path(__file__).parents[2]
ENDS_SECONDS = 15  # a hang, and not a slow machine, takes longer


@contextmanager
def process(**environment: str) -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(
        [sys.executable, "-m", "service"],
        cwd=ROOT,
        env=os.environ | environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as started:
        try:
            yield started
        finally:
            started.kill()


def test_setting_that_cannot_be_used_ends_it_with_a_sentence(tmp_path: Path) -> None:
    with process(REDIS_PASSWORD_FILE=str(tmp_path / "nothing")) as service:
        output, errors = service.communicate(timeout=ENDS_SECONDS)
    assert (service.returncode, output) == (2, "")
    assert errors == f"error: cannot read the password of Redis from {tmp_path}/nothing: No such file or directory\n"


def test_it_ends_soon_and_well_when_told(tmp_path: Path, silent_port: int) -> None:
    """With an idle connection, and with a request that waits for a frozen Redis."""
    password_file = tmp_path / "password"
    password_file.write_text("correct-horse")
    port = free_port()
    with (
        process(
            REDIS_PASSWORD_FILE=str(password_file),
            REDIS_HOST="127.0.0.1",
            REDIS_PORT=str(silent_port),
            REDIS_TIMEOUT="0.3",
            HTTP_PORT=str(port),
        ) as service,
        closing(socket.socket()) as idle,
        closing(socket.socket()) as waiting,
    ):
        wait_until(lambda: answers(port))
        idle.connect(("127.0.0.1", port))
        waiting.connect(("127.0.0.1", port))
        waiting.sendall(b"GET /get/one HTTP/1.1\r\nHost: test\r\n\r\n")
        service.send_signal(signal.SIGTERM)
        output, errors = service.communicate(timeout=ENDS_SECONDS)
    assert (service.returncode, errors) == (0, "")
    assert "correct-horse" not in output
