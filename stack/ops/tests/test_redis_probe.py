"""Redis' health check, asked without Redis: what it sends, and what it makes of each answer."""

import socket
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from stack import SHIPPED

SCRIPT = (SHIPPED / "redis" / "probe.sh").read_text()
PASSWORD = "päss word$"  # noqa: S105 - of nobody
SENT = b"*3\r\n$4\r\nAUTH\r\n$6\r\nhealth\r\n$11\r\np\xc3\xa4ss word$\r\n"
PING = b"*1\r\n$4\r\nPING\r\n"


class Answering:
    """Listens like Redis, and gives these answers, one to each command."""

    def __init__(self, *answers: bytes) -> None:
        self.heard: list[bytes] = []
        self._answers = answers
        self._listening = socket.create_server(("127.0.0.1", 0))
        self._listening.settimeout(5)  # for a probe that never calls
        self.port = self._listening.getsockname()[1]
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def _serve(self) -> None:
        caller, _ = self._listening.accept()
        with caller:
            for answer, wanted in zip(self._answers, (SENT, PING), strict=False):
                self.heard.append(caller.recv(len(wanted), socket.MSG_WAITALL))
                caller.sendall(answer)
            caller.recv(1000)  # until it hangs up

    def close(self) -> None:
        self._thread.join()
        self._listening.close()


@pytest.fixture
def places(tmp_path: Path) -> Path:
    """The secret, and the kernel's counts of a control group with room."""
    (tmp_path / "secret").write_text(PASSWORD)
    (tmp_path / "pids.current").write_text("7\n")
    (tmp_path / "pids.max").write_text("64\n")
    return tmp_path


def run(places: Path, port: int) -> tuple[int, str]:
    """probe.sh with its places in this folder."""
    text = SCRIPT.replace("port=6379", f"port={port}").replace("seconds=1 ", "seconds=0.2 ")
    text = text.replace("/run/secrets/redis-health-password", str(places / "secret"))
    text = text.replace("/sys/fs/cgroup/pids /sys/fs/cgroup", str(places))
    done = subprocess.run(["bash", "-c", text], capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


@pytest.fixture
def answering() -> Iterator[list[Answering]]:
    made: list[Answering] = []
    yield made
    for one in made:
        one.close()


@pytest.mark.parametrize(
    ("answers", "told"),
    [
        ((b"+OK\r\n", b"+PONG\r\n"), ""),
        ((b"+OK\r\n", b"-LOADING Redis is loading the dataset in memory\r\n"), "no PONG: -LOADING Redis is loading"),
        ((b"+OK\r\n", b"-MASTERDOWN \r\n"), "no PONG: -MASTERDOWN"),
        ((b"+OK\r\n", b"+PONGO\r\n"), "no PONG: +PONGO"),
        ((b"-WRONGPASS invalid username-password pair\r\n",), "not let in: -WRONGPASS"),
        ((b"+OK\r\n", b""), "timed out"),
        ((b"",), "timed out"),
    ],
)
def test_only_a_login_and_pong_pass(
    places: Path, answering: list[Answering], answers: tuple[bytes, ...], told: str
) -> None:
    answering.append(Answering(*answers))
    code, said = run(places, answering[0].port)
    assert (code, told in said) == (int(bool(told)), True)
    assert answering[0].heard == [SENT, PING][: len(answers)]
    assert PASSWORD not in said


def test_where_nobody_listens_it_fails(places: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    code, said = run(places, port)
    assert (code, "Connection refused" in said) == (1, True)


@pytest.mark.parametrize(("now", "most", "well"), [("64", "64", True), ("65", "64", False), ("900", "max", True)])
def test_without_room_for_a_process_it_fails(
    places: Path, answering: list[Answering], now: str, most: str, *, well: bool
) -> None:
    (places / "pids.current").write_text(f"{now}\n")
    (places / "pids.max").write_text(f"{most}\n")
    if well:
        answering.append(Answering(b"+OK\r\n", b"+PONG\r\n"))
    code, said = run(places, answering[0].port if well else 1)
    assert (code, said) == ((0, "") if well else (1, f"no room for a process: {now} of {most}\n"))


def test_without_a_password_it_says_so(places: Path) -> None:
    (places / "secret").write_text("")
    assert run(places, 1) == (1, f"no password in {places / 'secret'}\n")
