"""The table of every fault on every service, from cells as no stack gave them."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest

from checks.campaigns.fault_matrix import matrix
from checks.campaigns.fault_matrix.__main__ import asked_for, main
from checks.campaigns.fault_matrix.matrix import CELLS, FAULTS, WORDS, Cell, Fault, Ground
from checks.campaigns.fault_matrix.table import as_json, exit_code, in_short, table
from checks.core.cli import UNUSABLE, UnusableError
from checks.requirements.r9_self_healing.samples.healing import CRASHED, HEALED, PHASES, STOPPED
from checks.subject.stack import Stack
from stack.driver import wait
from stack.driver.errors import NothingThereError, StackError

GROUND = Ground(subject="compose.yaml", engine="26.1.5", kernel="6.1", services=("api", "redis"), times=3, rest=60.0)
FROZEN = [Cell(round=number, fault="frozen", service="redis", seen=HEALED) for number in (1, 2, 3)]
SLOW = replace(HEALED, phases=PHASES | {"detect": 6.9})
UNNOTICED = Cell(round=1, fault="cut-off", service="redis", seen=replace(HEALED, fault="cut-off", phases={}))
NO_PORT = Cell(
    round=1, fault="hang", service="redis", nothing_there="container abc cannot be broken: it listens on none"
)
TROUBLE = Cell(round=1, fault="hang", service="redis", trouble="the stack is not healthy")
WRONG = Cell(round=1, fault="frozen", service="api", seen=replace(HEALED, service="api", phases={}))


def test_every_fault_has_words_and_a_cell() -> None:
    assert set(FAULTS) == set(WORDS) == set(CELLS)


@pytest.mark.parametrize(
    ("cells", "told"),
    [
        (FROZEN, "8.0 (6.0 + 1.2 + 0.8)"),
        ([*FROZEN[:2], replace(FROZEN[2], seen=SLOW)], "8.0 (6.0 + 1.2 + 0.8)"),
        ([Cell(round=1, fault="crash", service="redis", seen=CRASHED)], "0.6 (0.1 + 0.5)"),
        ([Cell(round=1, fault="stopped", service="api", seen=STOPPED)], "left alone"),
        ([UNNOTICED], "not noticed"),
        ([UNNOTICED, replace(FROZEN[0], fault="cut-off")], "8.0 (6.0 + 1.2 + 0.8), not noticed 1 of 2 times"),
        ([NO_PORT], "-"),
        ([*FROZEN, TROUBLE], "undecided"),
        ([*FROZEN, WRONG], "**found-unhealthy**"),
        ([], ""),
    ],
)
def test_a_cell_is_a_median_or_says_what_else_there_is(cells: list[Cell], told: str) -> None:
    assert in_short(cells) == told


def test_the_table_has_a_row_a_fault_and_says_what_was_missed() -> None:
    lines = table(GROUND, [*FROZEN, UNNOTICED, NO_PORT]).splitlines()
    assert lines[0] == "| healed in s | api | redis |"
    assert lines[2] == "| main process frozen |  | 8.0 (6.0 + 1.2 + 0.8) |"
    assert "Nearest to its bound, or furthest beyond: redis, main process frozen: 8.0 s of the 18.0 s" in "".join(lines)
    assert any(line.startswith("Median of 1 to 3: ") for line in lines)
    assert "Not noticed: redis, cut off from its networks: its health check passes." in lines
    assert "-: redis, hang (port open, no answer): it listens on none." in lines


@pytest.mark.parametrize(
    ("cells", "code"), [(FROZEN, 0), ([UNNOTICED, NO_PORT], 0), ([*FROZEN, TROUBLE], 2), ([TROUBLE, WRONG], 1)]
)
def test_a_broken_rule_counts_more_than_what_could_not_be_told(cells: list[Cell], code: int) -> None:
    assert exit_code(cells) == code


def test_everything_that_was_seen_is_written() -> None:
    told = json.loads(as_json(GROUND, [*FROZEN, WRONG]))
    assert [cell["seconds"] for cell in told["cells"]] == [8.0, 8.0, 8.0, None]
    assert told["cells"][3]["broken"] == ["found-unhealthy"]
    assert told["cells"][0]["seen"]["phases"] == PHASES


def test_faults_keep_their_order_and_unknown_ones_are_refused() -> None:
    assert asked_for(["--faults", "hang, frozen", "--times", "1"]).faults == ("frozen", "hang")
    assert asked_for([]).faults == FAULTS
    with pytest.raises(UnusableError, match="no fault is called flood"):
        asked_for(["--faults", "frozen,flood"])
    with pytest.raises(UnusableError, match="once at least"):
        asked_for(["--times", "0"])


def test_unusable_arguments_are_told_in_a_sentence(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert main(["--times", "x"]) == UNUSABLE
    assert capsys.readouterr().err.startswith("error: ")
    assert main(["--stack", str(tmp_path)]) == UNUSABLE


def test_what_a_cell_raises_is_told_in_it(monkeypatch: pytest.MonkeyPatch) -> None:
    def raises(problem: StackError) -> Cell:
        monkeypatch.setattr(matrix, "rest", lambda *_: None)
        monkeypatch.setattr(matrix, "go_through", lambda *_: (_ for _ in ()).throw(problem))
        return matrix._cell(cast(Stack, SimpleNamespace()), 1, "hang", "redis", 0.0)

    assert raises(NothingThereError("no port")).nothing_there == "no port"
    assert raises(StackError("not healthy")).trouble == "not healthy"


def test_faults_that_make_sick_take_turns_with_those_that_do_not() -> None:
    assert matrix.in_turns(("frozen", "hang", "crash", "stopped")) == ["frozen", "stopped", "hang", "crash"]
    assert sorted(matrix.in_turns(FAULTS)) == sorted(FAULTS)


@pytest.mark.parametrize(("fault", "waited"), [("hang", 50.0), ("crash", 0.0)])
def test_a_service_rests_before_it_is_made_sick(fault: Fault, waited: float, monkeypatch: pytest.MonkeyPatch) -> None:
    paused = [0.0]
    monkeypatch.setattr(wait, "pause", paused.append)
    seen = SimpleNamespace(started_at=datetime.now(UTC) - timedelta(seconds=10))
    matrix.rest(cast(Stack, SimpleNamespace(runner=SimpleNamespace(state=lambda _: seen))), fault, "redis", 60.0)
    assert sum(paused) == pytest.approx(waited, abs=0.5)
