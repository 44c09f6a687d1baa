"""What pytest is told, what its end means, and that a signal is heard once and leaves time to tidy up."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from checks.command import check
from stack import ROOT

WORK = """
import sys, time
from pathlib import Path
Path("working").touch()
try:
    time.sleep(60)
except KeyboardInterrupt:
    time.sleep(1)
    Path("tidied up").touch()
"""
WAIT = """
import sys
from checks.command import check
check.ROOT = sys.argv[1]
code, heard = check._waited_for([sys.executable, "work.py"])
sys.exit(100 + len(set(heard)))
"""


def told(*arguments: str) -> list[str]:
    return check.command("check", *check.options_in(arguments))


def test_options_are_one_word_and_paths_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    words = told(
        "--stack", "shop", "--evidence=kept", "--requirements", "more", "--requirements=/other", "--allow", "a,b"
    )
    assert f"--stack={tmp_path}/shop" in words
    assert f"--evidence={tmp_path}/kept" in words
    assert {f"--requirements={tmp_path}/more", "--requirements=/other", "--allow=a,b"} <= set(words)


def test_each_of_several_compose_files_is_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert f"--stack={tmp_path}/a.yaml:/b.yaml" in told("--stack=a.yaml:/b.yaml")


def test_what_is_not_ours_is_pytests() -> None:
    assert told("-k", "motto", "--keep")[-3:] == ["-k", "motto", "--keep"]


def test_files_alone_are_read_by_one_process() -> None:
    assert "-n" in told("--tier", "built")
    assert "-n" not in told("--tier", "declared")


@pytest.mark.parametrize(
    ("ended", "told", "code"),
    [
        (0, 0, 0), (1, 1, 1), (1, 2, 2), (1, 0, 0),  # the report says it
        (3, 0, 2), (5, 0, 2), (-9, 0, 2), (-9, 1, 1),  # nothing is proven where pytest did not end as it should
        (4, None, 3), (10, None, 10), (3, None, 2), (0, None, 2),  # no run began
    ],
)  # fmt: skip
def test_exit_codes(ended: int, told: int | None, code: int) -> None:
    assert check.exit_code(ended, told) == code


def test_a_command_line_without_sense_ends_in_3(capsys: pytest.CaptureFixture[str]) -> None:
    assert check.main(["prove"]) == check.main([]) == 3
    assert capsys.readouterr().err.startswith("error: the first word is to be")


@pytest.mark.parametrize("numbers", [[signal.SIGINT], [signal.SIGTERM], [signal.SIGHUP], [signal.SIGINT] * 2])
def test_a_signal_leaves_time_to_tidy_up(tmp_path: Path, numbers: list[signal.Signals]) -> None:
    (tmp_path / "work.py").write_text(WORK)
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    waiting = subprocess.Popen([sys.executable, "-c", WAIT, str(tmp_path)], env=environment)
    until = time.monotonic() + 30
    while not (tmp_path / "working").exists() and time.monotonic() < until:
        time.sleep(0.05)
    for number in numbers:
        waiting.send_signal(number)
        time.sleep(0.2)
    assert waiting.wait(30) == 101
    assert (tmp_path / "tidied up").exists()


def test_plugins_that_happen_to_be_installed_stay_out(tmp_path: Path) -> None:
    """As pytest-randomly or pytest-rerunfailures might be: here one that tells, in the place of site-packages."""
    (tmp_path / "teller.py").write_text("import sys\nsys.stderr.write('the plugin is loaded')\n")
    (tmp_path / "teller-1.dist-info").mkdir()
    (tmp_path / "teller-1.dist-info" / "METADATA").write_text("Name: teller\nVersion: 1\n")
    (tmp_path / "teller-1.dist-info" / "entry_points.txt").write_text("[pytest11]\nteller = teller\n")
    assert "the plugin is loaded" in _said(tmp_path, "pytest", "--version", "--version")
    said = _said(tmp_path, "checks.command.check", "check", "--collect-only", "--tier=declared")
    assert "the plugin is loaded" not in said


def _said(packages: Path, *module: str) -> str:
    environment = os.environ | {"PYTHONPATH": str(packages)}
    words = [sys.executable, "-m", *module]
    return subprocess.run(words, env=environment, cwd=ROOT, capture_output=True, text=True, check=False).stderr
