"""Two runs side by side, and many over time."""

from dataclasses import replace
from pathlib import Path

import pytest

from checks.core import catalog
from checks.core.evidence import Evidence, Folder
from checks.core.judging import judged
from checks.core.run import Image
from checks.core.stored import Stored
from checks.core.tests.sample_run import FAILING, HEALS, KEEPS, KEPT, LOST, PASSING, outcome
from checks.report.__main__ import main
from checks.report.diff import Change, compared
from checks.report.history import PAGE, Past, as_history


def changes(old: Stored, new: Stored) -> list[Change]:
    return list(compared(judged(old), judged(new)))


def run_of(base: Path, seen: object) -> Path:
    folder = Folder.begin(base)
    folder.plan([KEEPS])
    Evidence(folder, KEEPS).saw(seen)
    folder.conclude(outcome(KEEPS))
    folder.end()
    return folder.path


def test_a_run_is_as_itself() -> None:
    assert changes(FAILING, FAILING) == []


def test_what_got_worse_is_told_by_verdict_rule_and_check() -> None:
    worse = {change.what for change in changes(PASSING, FAILING) if change.worse}
    assert {"verdict", "R3", "R9", "rule R3/restart-keeps", "check R3 value survives restart"} <= worse


def test_what_got_better_is_not_worse() -> None:
    told = changes(FAILING, PASSING)
    assert {change.what for change in told if change.worse} == {"R6", "check R6 target is up"}  # no longer judged
    assert Change(what="R3", old="violated", new="proven") in told


def test_a_new_check_that_is_violated_is_worse() -> None:
    before = replace(PASSING, run=replace(PASSING.run, planned=PASSING.run.planned[:2]))
    assert any(change.what == "R9" and change.worse for change in changes(before, FAILING))


def test_images_and_versions_are_told_and_are_not_worse() -> None:
    image = Image(name="redis:8", digest="sha256:" + "cd" * 32, source="elsewhere")
    new = replace(PASSING, run=replace(PASSING.run, engine="27.0", images=(image,)))
    assert [(change.what, change.worse) for change in changes(PASSING, new)] == [
        ("engine", False),
        ("image redis:8", False),
    ]


@pytest.mark.parametrize(("took", "told"), [(9.0, False), (10.5, False), (14.0, True), (2.0, True), (5.5, False)])
def test_a_time_is_told_beyond_noise_only(took: float, told: bool) -> None:
    outcomes = (*PASSING.outcomes[:2], outcome(HEALS, at="20:15:20", took=took))
    found = changes(PASSING, replace(PASSING, outcomes=outcomes))
    assert [change.what.startswith("time of R9") for change in found] == [True] * told


def test_the_exit_code_says_what_got_worse(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    good, bad = (str(run_of(tmp_path, seen)) for seen in (KEPT, LOST))
    assert main(["diff", good, good]) == 0
    assert main(["diff", good, bad]) == 1
    assert main(["diff", bad, good]) == 0
    assert "worse  rule R3/restart-keeps: not violated -> violated" in capsys.readouterr().out


def test_what_cannot_be_read_is_not_compared(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    good = str(run_of(tmp_path / "runs", KEPT))
    (tmp_path / "empty").mkdir()
    assert main(["diff", good, str(tmp_path / "empty")]) == 2
    assert main(["diff", good, str(tmp_path / "nowhere")]) == 3
    assert main(["diff", good]) == 3
    assert "`run.json` is missing" in capsys.readouterr().err


def test_the_history_has_a_row_for_each_run(tmp_path: Path) -> None:
    for seen in (KEPT, LOST):
        run_of(tmp_path, seen)
    assert main(["history", str(tmp_path)]) == 0
    page = (tmp_path / PAGE).read_text()
    assert "2 runs" in page
    assert page.count("/report.html") == 2


def test_the_history_names_every_requirement_and_escapes() -> None:
    known = catalog.read()
    broken = replace(judged(FAILING), reasons=("<script>",))
    page = as_history([Past(name="<b>", result=broken)], known)
    assert [one.id for one in known.requirements if f">{one.id}</th>" not in page] == []
    assert "<script" not in page
    assert "<b>" not in page


def test_a_folder_without_runs_has_no_history(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["history", str(tmp_path)]) == 3
    assert main(["history", str(tmp_path / "nowhere")]) == 3
    assert "no run stands in" in capsys.readouterr().err
