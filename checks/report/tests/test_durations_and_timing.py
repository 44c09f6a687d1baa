"""Durations add up, and stand where they belong in a picture."""

import re
from dataclasses import replace
from pathlib import Path

import pytest

from checks.core.codec import as_data
from checks.core.judging import judged
from checks.core.results import Result
from checks.core.run import Run
from checks.core.tests.sample_run import FAILING, FROZEN, HEALED, HEALS, KEEPS, LOSING_IT, PASSING, outcome, record
from checks.report import durations, pressed, timing
from checks.report.durations import Took
from checks.report.naming import spoken
from checks.report.report_html import as_html


def with_run(**changes: object) -> Result:
    data = {**vars(PASSING.run), **changes}
    return judged(replace(PASSING, run=Run(**data)))


def test_phases_are_found_wherever_they_stand() -> None:
    (found,) = durations.took({"services": [as_data(HEALED)]})
    assert found == Took(label="api", phases=HEALED.phases, bound_s=9.0, bounded=("detect",))


def test_a_bound_may_be_for_several_phases() -> None:
    (found,) = durations.took(
        {"phases": {"restart": 1.0, "recover": 2.0}, "bound_s": 4, "bounded": ["restart", "recover"]}
    )
    (bar,) = durations.chart([found]).bars
    assert (bar.bounded, bar.bounded_seconds, bar.bound) == (("restart", "recover"), 3.0, 100.0)


@pytest.mark.parametrize(
    ("drawn", "told"),
    [
        ([Took(label="", phases={"up": 1.0})], ""),
        ([Took(label="", phases={}, bound_s=1.0)], "declared bound"),
        ([Took(label="", phases={"up": 1.0}, bound_s=1.0, bounded=("up",))], "declared bound of up"),
    ],
)
def test_a_chart_says_what_its_marks_are(drawn: list[Took], told: str) -> None:
    assert durations.chart(drawn).bound == told


@pytest.mark.parametrize(
    ("data", "label"),
    [
        ({}, "Sample healed"),  # of the class, in words
        ({"service": "api", "fault": "frozen"}, "api · frozen"),
        ({"service": "prometheus", "healer": "watchdog"}, "prometheus · watchdog away"),
        ({"service": 3}, "Sample healed"),
    ],
)
def test_a_bar_says_whose_it_is(data: dict[str, object], label: str) -> None:
    (row,) = durations.measured([replace(record(HEALS, HEALED), data={"phases": {"up": 1.0}, **data})])
    assert row.label == label


@pytest.mark.parametrize("data", [{"phases": 3}, {"seconds": 3}, [], "phases", None])
def test_what_has_no_phases_took_no_time(data: object) -> None:
    assert list(durations.took(data)) == []


def test_bars_of_one_chart_have_one_scale() -> None:
    chart = durations.chart(list(durations.took([as_data(HEALED), as_data(FROZEN)])))
    healed, frozen = chart.bars
    assert [span.width for span in frozen.spans] == [100.0]
    assert [round(span.start, 1) for span in healed.spans] == [0.0, 32.8, 42.4]
    assert healed.bound == frozen.bound == 72.0


def test_a_phase_that_never_came_is_named() -> None:
    chart = durations.chart(list(durations.took([as_data(HEALED), as_data(FROZEN)])))
    assert [bar.missing for bar in chart.bars] == [(), ("restart", "recover")]


def test_a_phase_has_one_colour_all_over_the_page() -> None:
    assert durations.colours(judged(PASSING)) == {"detect": 0, "recover": 1, "restart": 2}


def test_there_are_as_many_colours_as_are_counted_on() -> None:
    css = Path(timing.__file__).parent.joinpath("templates", "report.css").read_text()
    assert sorted(set(re.findall(r"\.phase-(\d+)", css))) == [str(number) for number in range(durations.COLOURS)]


def test_only_what_checks_measured_is_held_against_bounds() -> None:
    stored = replace(PASSING, records=(record(HEALS, HEALED), record(LOSING_IT, FROZEN)))
    (only,) = durations.overview(judged(stored))
    assert (only.requirement, only.kind, [bar.seconds for bar in only.chart.bars]) == ("R9", "SampleHealed", [7.6])


def test_the_whole_overview_has_one_scale() -> None:
    stored = replace(PASSING, records=(record(HEALS, HEALED), record(KEEPS, FROZEN)))
    assert [part.chart.bars[0].bound for part in durations.overview(judged(stored))] == [72.0, 72.0]


def test_the_seconds_of_a_run_add_up() -> None:
    spent = timing.spent(judged(PASSING))
    assert [round(seconds, 2) for seconds in (spent.setup, spent.working, spent.waiting)] == [9.75, 9.3, 13.5]
    assert spent.wall == 62.5
    assert spent.at_a_time == pytest.approx(32.55 / 62.5)


def test_nobody_waits_longer_than_the_test_took() -> None:
    stored = replace(PASSING, outcomes=(replace(outcome(KEEPS), seconds=1.0, waiting_seconds=4.0),))
    slowest, *_ = timing.slowest_first(judged(stored))
    assert (slowest.working, slowest.waiting) == (0.0, 1.0)


@pytest.mark.parametrize("changes", [{"end": None}, {"start": "now"}, {"end": "then"}, {"start": PASSING.run.end}])
def test_without_the_clock_nothing_is_said_of_side_by_side(changes: dict[str, object]) -> None:
    report = with_run(**changes)
    assert timing.spent(report).at_a_time is None
    assert timing.worker_timelines(report) == ()


def test_workers_stand_side_by_side() -> None:
    first, second = timing.worker_timelines(judged(PASSING))
    assert (first.worker, [round(block.start, 1) for block in first.blocks]) == ("gw0", [3.2, 32.0])
    assert (second.worker, [round(block.width, 1) for block in second.blocks]) == ("gw1", [17.4])


def test_workers_stand_in_the_order_of_their_numbers() -> None:
    outcomes = [outcome(plan, on=on) for plan, on in zip(PASSING.run.planned, ("gw10", "gw2", "gw0"), strict=True)]
    report = judged(replace(PASSING, outcomes=tuple(outcomes)))
    assert [lane.worker for lane in timing.worker_timelines(report)] == ["gw0", "gw2", "gw10"]


@pytest.mark.parametrize(
    ("longest", "seconds"),
    [(9.4, [0, 2, 4, 6, 8]), (0.5, [0, 0.1, 0.2, 0.3, 0.4]), (62.5, [0, 10, 20, 30, 40, 50, 60]), (0, [])],
)
def test_the_axis_has_round_marks(longest: float, seconds: list[float]) -> None:
    assert [round(tick.seconds, 3) for tick in durations.ticks(longest)] == seconds


def test_the_axis_of_a_very_long_run_is_not_crowded() -> None:
    assert len(durations.ticks(1e6)) <= durations.AT_MOST_TICKS


def test_how_busy_the_machine_was_is_told_test_by_test() -> None:
    told = {lane.resource: lane for lane in pressed.lanes(judged(FAILING))}
    assert told.keys() <= set(pressed.RESOURCES)
    cpu = told["CPU"]
    assert cpu.most == round(100 * max(block.share for block in cpu.blocks))
    placed = {
        block.test.name: block.start for line in timing.worker_timelines(judged(FAILING)) for block in line.blocks
    }
    assert all(placed[block.name] == block.start and 0 <= block.share <= 1 for block in cpu.blocks)
    assert pressed.lanes(with_run(end=None)) == ()


@pytest.mark.parametrize(
    ("name", "told"), [("HealingBounds", "Healing bounds"), ("ACLFile", "ACL file"), ("SampleKept", "Sample kept")]
)
def test_a_class_is_told_in_words(name: str, told: str) -> None:
    assert spoken(name) == told


def test_no_class_has_its_name_on_the_page() -> None:
    page = as_html(judged(FAILING))
    assert [one.kind for one in PASSING.records if re.search(rf">[^<]*\b{one.kind}\b", page)] == []
