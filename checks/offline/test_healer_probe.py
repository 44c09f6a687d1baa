"""The health checks of the healer and of what serves its metrics, without an engine."""

import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from http.server import HTTPServer
from pathlib import Path

import pytest

from stack.healer import probe, serve
from stack.healer.book import PUBLISHED

SCRIPT = Path(probe.__file__).with_name("probe.sh").read_text()


def run(folder: Path) -> tuple[int, str]:
    """probe.sh with its heartbeat in this folder, and a probe.py that only says that it was asked."""
    (folder / "asked.sh").write_text("echo asked; exit 7")
    told = SCRIPT.replace("/run/healer", str(folder)).replace("python3 -I -S /healer/probe.py", "sh asked.sh")
    assert "exec sh asked.sh" in told
    done = subprocess.run(["sh", "-c", told], capture_output=True, text=True, check=False)
    return done.returncode, done.stdout


def test_a_heartbeat_since_the_last_probe_is_enough(tmp_path: Path) -> None:
    (tmp_path / "heartbeat").touch()
    run(tmp_path)
    time.sleep(1.01)  # some shells tell moments apart by the second
    (tmp_path / "heartbeat").touch()
    assert run(tmp_path) == (0, "")


@pytest.mark.parametrize("age", [0, 3600, -3600])
def test_without_one_the_clock_that_nobody_sets_decides(tmp_path: Path, age: int) -> None:
    (tmp_path / "heartbeat").touch()
    run(tmp_path)
    at = (tmp_path / "probed").stat().st_mtime_ns - age * 10**9  # the wall clock may have been set meanwhile
    os.utime(tmp_path / "heartbeat", ns=(at, at))
    assert run(tmp_path) == ((0, "") if age < 0 else (7, "asked\n"))


def test_no_heartbeat_at_all_is_asked_about(tmp_path: Path) -> None:
    assert run(tmp_path) == (7, "asked\n")


@pytest.fixture
def metrics(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Path]:
    """Where each healer publishes, by the path that serves it."""
    files = {path: tmp_path / Path(name).parent.name / PUBLISHED for path, name in serve.PUBLISHED.items()}
    monkeypatch.setattr(serve, "PUBLISHED", {path: str(file) for path, file in files.items()})
    for file in files.values():
        file.parent.mkdir()
    return files


def test_what_each_publishes_is_served(metrics: dict[str, Path]) -> None:
    for number, file in enumerate(metrics.values()):
        file.write_text(f"healer_waiting {number}\n")
    assert serve.answer("/metrics") == (200, b"healer_waiting 0\n")
    assert serve.answer("/metrics/warden") == (200, b"healer_waiting 1\n")


def test_a_healer_that_published_nothing_is_no_fault_of_who_serves_it(metrics: dict[str, Path]) -> None:
    for path in metrics:
        assert serve.answer(path) == (503, b"the healer has published nothing: No such file or directory\n")
    assert serve.answer("/health") == (200, b"ok\n")


@pytest.mark.parametrize(
    "path", ["/", "/../etc/passwd", "/metrics/", "/metrics/warden/..", "/var/lib/healer/healer.json"]
)
def test_nothing_else_is_served(path: str) -> None:
    assert serve.answer(path)[0] == 404


@pytest.fixture
def served(monkeypatch: pytest.MonkeyPatch) -> Iterator[HTTPServer]:
    with serve.server(port=0) as server:
        monkeypatch.setattr(serve, "PORT", server.server_port)
        yield server


def test_its_probe_passes_while_it_answers(served: HTTPServer, capsys: pytest.CaptureFixture[str]) -> None:
    threading.Thread(target=served.serve_forever, daemon=True).start()
    assert serve.probe() == 0
    served.shutdown()
    assert capsys.readouterr().out == "HTTP/1.0 200 OK\n"


def test_its_probe_fails_while_it_hangs(
    served: HTTPServer, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert served.server_port == serve.PORT  # it listens, and nobody answers
    monkeypatch.setattr(serve, "SECONDS", 0.05)
    assert serve.probe() == 1
    assert capsys.readouterr().out == "no answer within 0.05 s: timed out\n"


def test_it_ends_when_it_is_told_to() -> None:
    process = subprocess.Popen([sys.executable, "-I", "-S", serve.__file__], stderr=subprocess.PIPE)
    time.sleep(0.5)
    process.terminate()
    _, said = process.communicate(timeout=5)
    assert (process.returncode, said) == (0, b"")
