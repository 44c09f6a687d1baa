"""What the gate costs: how it is counted, and where it is written."""

import os
import subprocess
from pathlib import Path

import pytest

from checks.campaigns.bench import gate
from checks.campaigns.bench.gate import Cost
from checks.harness.rule_tables import written_into

OFFLINE = Cost(session="offline", seconds=100.4, processor_s=180.0, stacks=0, calls=0, failed=False)
CHECKS = Cost(session="compliance", seconds=200.0, processor_s=250.0, stacks=7, calls=900, failed=True)


def test_the_sessions_are_those_of_nox() -> None:
    assert {"lint", "types", "compliance", "offline", "mutations"} <= set(gate.selected())
    assert "bench" not in gate.selected()


def test_a_sum_is_told_and_who_failed() -> None:
    rows = gate.table([OFFLINE, CHECKS]).splitlines()
    assert rows[2:5] == [
        "| `offline` | 100 | 180 |  |  |",
        "| `compliance`, which failed | 200 | 250 | 7 | 900 |",
        "| `all`, which failed | 300 | 430 | 7 | 900 |",
    ]


def test_calls_are_counted_and_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "docker").write_text("#!/bin/sh\ntr '\\0' '\\n' </proc/$$/environ | grep ^PWD=; echo \"real: $1\"\n")
    (tmp_path / "docker").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    with gate.counted_calls() as calls:
        elsewhere = {**os.environ, "PWD": "/elsewhere"}
        said = [subprocess.check_output(["docker", "a b"], text=True, env=elsewhere) for _ in range(3)]
        assert calls.stat().st_size == 3
    assert said == ["PWD=/elsewhere\nreal: a b\n"] * 3
    assert os.environ["PATH"].startswith(str(tmp_path))


def test_the_processor_is_at_work() -> None:
    before = gate.processor_seconds()
    sum(range(3_000_000))
    assert gate.processor_seconds() >= before > 0


def test_the_page_has_room_for_the_table() -> None:
    assert "\nnew\n<!-- end" in written_into(gate.PAGE.read_text("utf-8"), "new\n", gate.MARKS)
