"""While checks run in workers: a plain line for each end where no terminal is, rewritten lines where one is."""

import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

from stack import ROOT

SUITE = """
import time
import pytest
from checks.core.tests.sample_run import KEPT, LOST, kept_violations
from stack.driver.progress import Progress

@pytest.fixture
def slow():
    with Progress() as progress:
        progress.show("redis", "starting")
        time.sleep(1.5)

@pytest.mark.check("R3")
def test_kept(evidence, slow):
    assert kept_violations(evidence.saw(KEPT)) == []

@pytest.mark.check("R3")
def test_lost(evidence):
    assert kept_violations(evidence.saw(LOST)) == []

@pytest.mark.check("R4")
def test_crashed(evidence):
    raise RuntimeError("ours")
"""
INI = "[pytest]\nmarkers =\n    check(id): a check\n"
PLUGINS = [f"-pchecks.harness.{name}" for name in ("untried", "waivers", "plugin", "live")]
JUDGE = "-pchecks.core.tests.sample_run"  # which no requirement of ours has for the process that shows
LINE = [sys.executable, "-m", "pytest", "-q", "--no-header", "--tb=no", "-rN", "-oconsole_output_style=classic"]
TOLD = "violated       R3  lost"


@pytest.fixture
def suite(tmp_path: Path) -> Path:
    (tmp_path / "test_suite.py").write_text(SUITE)
    (tmp_path / "pytest.ini").write_text(INI)
    return tmp_path


def started(suite: Path, *options: str, stderr: int) -> "subprocess.Popen[str]":
    kept = {name: text for name, text in os.environ.items() if "PYTEST" not in name}
    environment = kept | {"PYTHONPATH": str(ROOT), "TERM": "xterm", "COLUMNS": "80", "LINES": "24"}
    line = [*LINE, *PLUGINS, JUDGE, "-pno:cacheprovider", "-mcheck", *options]
    return subprocess.Popen(line, cwd=suite, env=environment, stdout=subprocess.PIPE, stderr=stderr, text=True)


def shown_in_a_terminal(suite: Path) -> str:
    """What a terminal is sent."""
    ours, theirs = pty.openpty()
    process, sent = started(suite, "-n2", "--live", stderr=theirs), b""
    os.close(theirs)
    try:
        while part := os.read(ours, 65536):
            sent += part
    except OSError:  # how Linux says that nobody holds the other end any more
        pass
    os.close(ours)
    process.communicate(timeout=60)
    return sent.decode()


def test_each_end_is_a_line_and_a_violation_says_what_was_seen(suite: Path) -> None:
    out, said = started(suite, "-n2", "--live", stderr=subprocess.PIPE).communicate(timeout=60)
    lines = said.splitlines()
    told = lines.index(TOLD)
    assert "restart-keeps: seen" in lines[told + 1]
    ends = {line.split(" (")[0] for line in lines if line.startswith(("passed", "crashed"))}
    assert ends == {"crashed        R4  crashed", "passed         R3  kept"}
    assert ".FF" not in out  # pytest's letters would stand between


def test_a_terminal_is_rewritten_and_keeps_what_violated(suite: Path) -> None:
    sent = shown_in_a_terminal(suite)
    assert "redis: starting" in sent  # told by a worker
    assert "\x1b[1A" in sent  # up a line, to write it again
    assert "\x1b[2J" not in sent  # a screen that is cleared flickers
    assert TOLD in sent
    assert "crashed        R4" not in sent


def test_without_it_pytest_tells_by_itself(suite: Path) -> None:
    out, said = started(suite, stderr=subprocess.PIPE).communicate(timeout=60)
    assert ".FF" in out.splitlines()
    assert TOLD not in out + said
