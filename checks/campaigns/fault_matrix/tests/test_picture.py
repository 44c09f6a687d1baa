"""The picture of every fault on every service, from files as `nox -s healing -- --json FILE` writes them."""

import re
from dataclasses import replace
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from checks.campaigns.fault_matrix import picture
from checks.campaigns.fault_matrix.matrix import Cell, Ground
from checks.campaigns.fault_matrix.picture import as_svg, main, read, together
from checks.campaigns.fault_matrix.table import as_json
from checks.campaigns.fault_matrix.tests.test_table import FROZEN, GROUND, NO_PORT, TROUBLE, UNNOTICED, WRONG
from checks.core.cli import UNUSABLE, UnusableError

CELLS = [*FROZEN, UNNOTICED, NO_PORT]
ELSEWHERE = replace(GROUND, services=("prometheus",))


@pytest.fixture
def written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(picture, "PICTURE", tmp_path / "healing.svg")
    return tmp_path


def file(folder: Path, name: str, ground: Ground = GROUND, cells: list[Cell] = CELLS) -> str:
    (folder / name).write_text(as_json(ground, cells))
    return str(folder / name)


def test_what_was_written_is_read_as_it_was_seen(written: Path) -> None:
    assert read(Path(file(written, "a.json"))) == (GROUND, CELLS)


def test_parts_of_a_run_are_shown_as_one(written: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([file(written, "a.json"), file(written, "b.json", ELSEWHERE, [])]) == 0
    assert capsys.readouterr().out.startswith("| healed in s | api | redis | prometheus |\n")
    assert "redis, main process frozen: 8.0 (6.0 + 1.2 + 0.8)" in (written / "healing.svg").read_text()


@pytest.mark.parametrize("change", [{"engine": "29.0"}, {"kernel": "6.12"}, {"subject": "other.yaml"}, {"rest": 1.0}])
def test_parts_of_different_runs_are_not_put_together(change: dict[str, Any]) -> None:
    with pytest.raises(UnusableError, match="not of one subject, engine"):
        together([(GROUND, []), (replace(GROUND, **change), [])])


def test_nothing_counts_twice() -> None:
    with pytest.raises(UnusableError, match="some cell is there twice"):
        together([(GROUND, CELLS), (GROUND, CELLS)])


@pytest.mark.parametrize(
    "content", [None, "", "{}", "[]", "5", '"text"', '{"cells": [{}]}', '{"cells": [5]}', '{"cells": []}']
)
def test_what_cannot_be_used_is_told(written: Path, capsys: pytest.CaptureFixture[str], content: str | None) -> None:
    if content is not None:
        (written / "a.json").write_text(content)
    assert main([str(written / "a.json")]) == UNUSABLE
    assert re.match(
        r"error: \S+a.json (cannot be read|does not hold what was measured): .+\nhint: ",
        capsys.readouterr().err,
        re.DOTALL,
    )
    assert not (written / "healing.svg").exists()


def test_no_file_is_no_picture(written: Path) -> None:
    assert main([]) == UNUSABLE
    assert not (written / "healing.svg").exists()


def test_bars_stand_to_scale_from_left_to_right() -> None:
    root = ET.fromstring(as_svg(GROUND, CELLS))  # noqa: S314 - our own
    bars = [one for one in root.findall(".//{*}rect") if one.get("height") == str(picture.BAR) and one.get("y") != "40"]
    widths = [float(one.get("width", "")) for one in bars]
    starts = [float(one.get("x", "")) for one in bars]
    assert [round(width / widths[1], 2) for width in widths] == [5.0, 1.0, 0.67]  # 6.0, 1.2 and 0.8 s
    assert starts[1] == pytest.approx(starts[0] + widths[0], abs=0.02)
    assert starts[2] == pytest.approx(starts[1] + widths[1], abs=0.02)


def test_what_could_not_be_told_has_no_bar_either() -> None:
    text = as_svg(GROUND, [*FROZEN[:2], replace(TROUBLE, fault="frozen", service="redis", round=3)])
    assert ">undecided</text>" in text
    assert 'class="longest"' not in text


def test_what_was_noticed_only_sometimes_says_so_beside_its_bar() -> None:
    text = as_svg(GROUND, [UNNOTICED, replace(FROZEN[1], fault="cut-off")])
    assert ">1 of 2</text>" in text


def test_what_broke_a_rule_has_no_bar_that_looks_well() -> None:
    text = as_svg(GROUND, [replace(WRONG, service="api")])
    assert ">found-unhealthy</text>" in text
    assert f'height="{picture.BAR}"' not in text.replace('y="40" width="11" height="11"', "")
