"""What helper containers run, run here on processes of our own."""

import signal
import subprocess
import sys
from collections.abc import Iterator

import pytest

from checks.faults.host import PROCESS_AGENT


@pytest.fixture
def sleeper() -> Iterator["subprocess.Popen[bytes]"]:
    with subprocess.Popen(["sleep", "60"]) as process:
        yield process
        process.kill()


def signalled(pid: int, number: int, wanted: str) -> str:
    script = [sys.executable, "-I", "-S", "-c", PROCESS_AGENT, "signal", str(pid), str(number), wanted, "2"]
    return subprocess.run(script, capture_output=True, text=True, check=True).stdout.split()[0]


def test_a_stopped_process_is_seen_stopped(sleeper: "subprocess.Popen[bytes]") -> None:
    assert signalled(sleeper.pid, signal.SIGSTOP, "T t") == "T"
    assert signalled(sleeper.pid, signal.SIGCONT, "S R") in {"S", "R"}


def test_a_killed_process_is_dead_until_reaped_and_then_gone(sleeper: "subprocess.Popen[bytes]") -> None:
    assert signalled(sleeper.pid, signal.SIGKILL, "gone Z X") == "Z"
    sleeper.wait()
    assert signalled(sleeper.pid, signal.SIGKILL, "gone") == "gone"


def test_a_process_that_is_reaped_at_any_moment_is_no_error() -> None:
    for _ in range(10):
        with subprocess.Popen(["sleep", "60"]) as process:
            script = [sys.executable, "-I", "-S", "-c", PROCESS_AGENT, "signal", str(process.pid), "9", "gone", "2"]
            with subprocess.Popen(script, stdout=subprocess.PIPE, text=True) as signaller:
                process.wait()  # reaps at once, as an init does
                told, _errors = signaller.communicate()
            assert signaller.returncode == 0
            assert told.split()[0] == "gone"
