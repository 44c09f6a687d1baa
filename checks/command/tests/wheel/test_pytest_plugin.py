"""The fixture `compose_stack`, in a suite of somebody else who has installed the package."""

import subprocess
from pathlib import Path

import pytest

from checks.command.tests.wheel.commands import run
from checks.subject.tests.compose import needs_compose

COMPOSE = """\
services:
  web: { image: "shop:1", ports: ["80:80"], restart: always, healthcheck: { test: ["CMD", "true"] } }
"""
SUITE = """\
import checks, stack   # names of their own

def test_of_theirs():
    assert (checks.OF, stack.OF) == ("theirs", "theirs")

def test_restarts(compose_stack):
    compose_stack.require_proven("R9")

def test_ours(compose_stack):
    compose_stack.require_proven("R2", "R9")

def test_by_hand(compose_stack):
    found = compose_stack.judged(tier="declared")
    assert found.verdicts["R2"] == "violated"
    assert (found.evidence / "report.html").is_file()
"""


@pytest.fixture
def suite(tmp_path: Path) -> Path:
    (tmp_path / "deploy").mkdir()
    (tmp_path / "deploy" / "compose.yaml").write_text(COMPOSE)
    (tmp_path / "pytest.ini").write_text("[pytest]\ncompose_stack = deploy\npythonpath = .\n")
    for name in ("checks", "stack"):
        (tmp_path / f"{name}.py").write_text("OF = 'theirs'\n")
    (tmp_path / "test_shop.py").write_text(SUITE)
    return tmp_path


def theirs(installed: Path, suite: Path, *options: str) -> "subprocess.CompletedProcess[str]":
    return run(installed.with_name("python"), "-m", "pytest", "-p", "no:cacheprovider", *options, folder=suite)


@needs_compose
def test_a_suite_holds_its_project_to_requirements(installed: Path, suite: Path) -> None:
    before = {path for path in suite.rglob("*") if "__pycache__" not in path.parts}
    done = theirs(installed, suite, "-q", "-rf")
    assert "1 failed, 3 passed" in done.stdout, done.stdout + done.stderr
    assert "R2 is violated" in done.stdout
    assert "published-on-loopback-only: seen" in done.stdout
    assert "(compose.yaml:2)" in done.stdout
    assert {path for path in suite.rglob("*") if "__pycache__" not in path.parts} == before


@needs_compose
def test_what_cannot_be_judged_is_an_error(installed: Path, suite: Path) -> None:
    done = theirs(installed, suite, "-q", "--compose-stack=nowhere", "-k", "restarts")
    assert (done.returncode, "ComplianceError: " in done.stdout) == (1, True), done.stdout
    assert "nowhere is not there: `--compose-stack`" in done.stdout


def test_other_suites_are_collected_as_before(installed: Path, suite: Path) -> None:
    told = [
        theirs(installed, suite, "--collect-only", "-q", *without) for without in ((), ("-p", "no:compose-compliance"))
    ]
    with_it, without_it = ([line for line in one.stdout.splitlines() if "::" in line] for one in told)
    assert with_it == without_it
    assert "4 tests collected" in told[0].stdout
    loaded = theirs(installed, suite, "--trace-config", "-k", "of_theirs")
    assert "compose-compliance" in loaded.stdout
    assert (loaded.returncode, "1 passed" in loaded.stdout) == (0, True), loaded.stdout
