"""The health checks of the healer and of what serves its metrics, without an engine."""

import re
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from http.server import HTTPServer
from pathlib import Path

import pytest

from stack.healer import metrics_server
from stack.healer.heartbeat import strike
from stack.healer.state_store import PUBLISHED

SCRIPT = Path(metrics_server.__file__).with_name("probe.sh").read_text()
METRICS_SCRIPT = Path(metrics_server.__file__).with_name("metrics_probe.sh").read_text()


def run(folder: Path) -> tuple[int, str]:
    """probe.sh with its heartbeat in this folder."""
    done = subprocess.run(
        ["sh", "-c", SCRIPT.replace("/run/healer", str(folder)).replace("/sys/fs/cgroup", str(folder))],
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


def test_a_heart_that_beats_is_well(tmp_path: Path) -> None:
    strike(str(tmp_path / "heartbeat"))
    assert run(tmp_path) == (0, "")


@pytest.mark.parametrize(("age", "well"), [(0, True), (1, True), (3.1, False), (86400, False), (-60, False)])
def test_a_heartbeat_goes_stale(tmp_path: Path, age: float, *, well: bool) -> None:
    (tmp_path / "heartbeat").write_text(f"{time.clock_gettime(time.CLOCK_BOOTTIME) - age:20.3f}\n")
    code, said = run(tmp_path)
    assert (code == 0, said == "") == (well, well)
    assert well or re.fullmatch(r"timed out: no heartbeat for -?\d+ s\n", said)


def test_a_heart_that_never_beat_is_not_well(tmp_path: Path) -> None:
    assert run(tmp_path) == (1, "no heartbeat yet\n")


@pytest.mark.parametrize("content", ["", "\n", "soon\n"])
def test_what_is_no_heartbeat_is_none(tmp_path: Path, content: str) -> None:
    (tmp_path / "heartbeat").write_text(content)
    assert run(tmp_path)[0] != 0


def test_a_reader_meets_a_whole_line_whenever_it_looks(tmp_path: Path) -> None:
    sizes = set()
    for _ in range(3):
        strike(str(tmp_path / "heartbeat"))
        sizes.add((tmp_path / "heartbeat").stat().st_size)
    assert sizes == {21}


@pytest.fixture
def metrics(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Path]:
    """Where each healer publishes, by the path that serves it."""
    files = {path: tmp_path / Path(name).parent.name / PUBLISHED for path, name in metrics_server.PUBLISHED.items()}
    monkeypatch.setattr(metrics_server, "PUBLISHED", {path: str(file) for path, file in files.items()})
    for file in files.values():
        file.parent.mkdir()
    return files


def test_what_each_publishes_is_served(metrics: dict[str, Path]) -> None:
    for number, file in enumerate(metrics.values()):
        file.write_text(f"healer_waiting {number}\n")
    assert metrics_server.answer("/metrics") == (200, b"healer_waiting 0\n")
    assert metrics_server.answer("/metrics/watchdog") == (200, b"healer_waiting 1\n")


def test_a_healer_that_published_nothing_is_not_its_servers(metrics: dict[str, Path]) -> None:
    for path in metrics:
        assert metrics_server.answer(path) == (503, b"the healer has published nothing: No such file or directory\n")
    assert metrics_server.answer("/health") == (200, b"ok\n")


@pytest.mark.parametrize(
    "path", ["/", "/../etc/passwd", "/metrics/", "/metrics/watchdog/..", "/var/lib/healer/healer.json"]
)
def test_nothing_else_is_served(path: str) -> None:
    assert metrics_server.answer(path)[0] == 404


@pytest.fixture
def served() -> Iterator[HTTPServer]:
    with metrics_server.server(port=0) as server:
        yield server


def asked(port: int) -> tuple[int, str]:
    """metrics_probe.sh, asking this port."""
    text = METRICS_SCRIPT.replace("/9101", f"/{port}").replace("seconds=1 ", "seconds=0.2 ")
    done = subprocess.run(["bash", "-c", text], capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


def test_its_probe_passes_while_it_answers(served: HTTPServer) -> None:
    threading.Thread(target=served.serve_forever, daemon=True).start()
    assert asked(served.server_port) == (0, "HTTP/1.0 200 OK\n")
    served.shutdown()


def test_its_probe_fails_while_it_hangs(served: HTTPServer) -> None:
    assert asked(served.server_port) == (1, "no answer within 0.2 s: timed out\n")  # it listens, and nobody answers


def test_its_probe_fails_on_another_answer(served: HTTPServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(metrics_server, "answer", lambda _: (503, b""))
    threading.Thread(target=served.serve_forever, daemon=True).start()
    assert asked(served.server_port) == (1, "HTTP/1.0 503 Service Unavailable\n")
    served.shutdown()


def test_its_probe_asks_where_it_serves() -> None:
    assert f"/dev/tcp/127.0.0.1/{metrics_server.PORT} " in METRICS_SCRIPT


@pytest.mark.parametrize(("now", "most", "well"), [("32", "32", True), ("33", "32", False), ("900", "max", True)])
def test_a_healer_without_room_for_a_process_is_not_well(tmp_path: Path, now: str, most: str, *, well: bool) -> None:
    strike(str(tmp_path / "heartbeat"))
    (tmp_path / "pids.current").write_text(f"{now}\n")
    (tmp_path / "pids.max").write_text(f"{most}\n")
    assert run(tmp_path) == ((0, "") if well else (1, f"no room for a process: {now} of {most}\n"))


def test_it_ends_when_it_is_told_to() -> None:
    process = subprocess.Popen([sys.executable, "-I", "-S", metrics_server.__file__], stderr=subprocess.PIPE)
    time.sleep(0.5)
    process.terminate()
    _, said = process.communicate(timeout=5)
    assert (process.returncode, said) == (0, b"")
