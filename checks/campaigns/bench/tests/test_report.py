"""What the report takes: what counts as a whole run, and where the figures are written."""

from dataclasses import replace
from pathlib import Path

import pytest

from checks.campaigns.bench import report
from checks.campaigns.bench.report import Took
from checks.core.catalog import Catalog
from checks.core.judging import judged
from checks.core.results import Result
from checks.core.tests import sample_run
from checks.harness.rule_tables import written_into
from stack.driver.errors import StackError

PART = judged(sample_run.PASSING)
JUDGED = tuple(replace(one, note=None) for one in PART.requirements)
WHOLE = replace(PART, requirements=JUDGED, catalog=Catalog(tuple(PART.catalog.by_id[one.id] for one in JUDGED)))


def test_the_row_has_median_extremes_and_size() -> None:
    took = Took(name="`a`", seconds=(0.5, 0.1, 0.2), size=12_345)
    assert report.row(took) == "| `a` | 0.20 (0.10 to 0.50) | 12 |\n"
    told = report.table([took], PART)
    assert f"{len(PART.records)} observations, 3 times. " in told


@pytest.mark.parametrize(
    "partial",
    [
        PART,  # two requirements of nine
        replace(WHOLE, requirements=(replace(JUDGED[0], note="only 1 of its 2 checks"), *JUDGED[1:])),
        replace(WHOLE, run=None),
        replace(WHOLE, run=WHOLE.run and replace(WHOLE.run, end=None)),
    ],
)
def test_a_part_of_a_run_is_not_measured(partial: Result) -> None:
    assert report.is_whole(WHOLE)
    assert not report.is_whole(partial)


def test_without_a_whole_run_it_says_so(tmp_path: Path) -> None:
    (tmp_path / "20261126T000000Z").mkdir()
    with pytest.raises(StackError, match="there is no whole run"):
        report.newest_whole(tmp_path)


def test_each_time_is_a_time() -> None:
    done: list[int] = []
    assert len(report.timed(lambda: done.append(1), 3)) == len(done) == 3


def test_the_page_has_room_for_the_figures() -> None:
    assert "\nnew\n<!-- end" in written_into(report.PAGE.read_text("utf-8"), "new\n", report.MARKS)
