"""A signal to nox alone, as a CI server sends it, ends what is at work, lets it tidy up, and nothing comes after."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from stack import ROOT

SESSIONS = """
import sys
import nox
import noxfile

nox.options.default_venv_backend = "none"
nox.options.sessions = ["first", "second"]

@nox.session
def first(session):
    try:
        noxfile._run(session, "work", *session.posargs)
    finally:
        noxfile._run(session, "tell", "reported")

@nox.session
def second(session):
    noxfile._run(session, "tell", "went on")
"""
WORK = """
import sys, time
from pathlib import Path
Path("working").touch()
try:
    time.sleep(60)
except KeyboardInterrupt:
    time.sleep(1)
    Path("tidied up").touch()
    sys.exit(int(sys.argv[1]))
"""
TELL = "import sys; from pathlib import Path; Path(sys.argv[1]).touch()"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, text in (("sessions.py", SESSIONS), ("work.py", WORK), ("tell.py", TELL)):
        (tmp_path / name).write_text(text)
    return tmp_path


def started(folder: Path, code: int) -> "subprocess.Popen[str]":
    command = (sys.executable, "-m", "nox", "-f", "sessions.py", "--", str(code))
    environment = os.environ | {"PYTHONPATH": f"{ROOT}:{folder}"}
    return subprocess.Popen(command, cwd=folder, env=environment, stderr=subprocess.PIPE, text=True)


def at_work(folder: Path, code: int) -> "subprocess.Popen[str]":
    """Nox, which is at work when this is over."""
    nox, until = started(folder, code), time.monotonic() + 30
    while not (folder / "working").exists() and time.monotonic() < until:
        time.sleep(0.05)
    return nox


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
@pytest.mark.parametrize("code", [2, 0], ids=["interrupted", "ends well"])
def test_a_signal_to_nox_alone_ends_the_run(folder: Path, number: int, code: int) -> None:
    nox = at_work(folder, code)
    nox.send_signal(number)
    nox.communicate(timeout=30)
    assert nox.returncode == 130
    there = {path.name for path in folder.iterdir()}
    assert {"tidied up", "reported"} <= there
    assert "went on" not in there


def test_a_second_signal_does_not_cut_short_what_tidies_up(folder: Path) -> None:
    nox = at_work(folder, 2)
    nox.send_signal(signal.SIGINT)
    time.sleep(0.3)
    nox.send_signal(signal.SIGINT)
    nox.communicate(timeout=30)
    assert (folder / "tidied up").exists()


def test_without_a_signal_it_goes_on(folder: Path) -> None:
    (folder / "work.py").write_text("")
    nox = started(folder, 0)
    nox.communicate(timeout=60)
    assert nox.returncode == 0
    assert (folder / "went on").exists()
