"""What is shown while a run goes on: as many lines at any time, none wider than the terminal, the worst first told."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from checks.core.codec import as_data
from checks.core.run import OUTCOMES, Ending, Kind, Outcome, Planned
from checks.core.tier import Tier
from checks.core.verdict import Violation
from checks.harness import live_view
from checks.harness.live import earlier
from checks.harness.live_view import Running, State, View
from checks.harness.waits import Waits

TITLES = {
    "R3": "Redis saves the data on every change",
    "R4": "Redis has ACLs",
    "R9": "An unhealthy container is restarted",
}


def planned(requirement: str, name: str) -> Planned:
    return Planned(
        name=f"checks/r/test_running.py::test_{name}", requirement=requirement, kind=Kind.CHECK, tier=Tier.RUNNING
    )


def ended(one: Planned, how: Ending = Ending.PASSED, reason: str | None = None) -> Outcome:
    return Outcome(
        name=one.name,
        requirement=one.requirement,
        kind=one.kind,
        outcome=how,
        seconds=3.2,
        setup_seconds=1.0,
        reason=reason,
    )


KEEPS, FSYNCS, LOGIN = (
    planned("R3", "a_restart_keeps_the_value"),
    planned("R3", "every_write_is_fsynced"),
    planned("R4", "x"),
)
AT_START = View(titles=TITLES, planned=(LOGIN, KEEPS, FSYNCS), began=100.0)
WAITS = Running(planned=KEEPS, since=110.0, waits_for="redis: starting")


def test_the_requirements_stand_in_their_order() -> None:
    assert [row.text for row in live_view.rows(AT_START, 100.0, 80)] == [
        "0 of 3 done, 0 at work, 0.0 s",
        "R3  to come    0/2",
        "R4  to come    0/1",
    ]


def test_what_runs_says_how_long_and_what_it_waits_for() -> None:
    text = live_view.rows(replace(AT_START, running=(WAITS,)), 122.0, 80)[1].text
    assert text == "R3  running    0/2    12 s  a restart keeps the value, redis: starting"


def test_of_several_the_longest_is_told() -> None:
    running = (Running(planned=FSYNCS, since=119.0), WAITS)
    text = live_view.rows(replace(AT_START, running=running), 122.0, 119)[1].text
    assert text.endswith("redis: starting (and 1 more)")


def test_a_wide_terminal_has_the_titles() -> None:
    text = live_view.rows(replace(AT_START, running=(WAITS,)), 122.0, 160)[1].text
    assert text.startswith("R3  Redis saves the data on every change          running    0/2    12 s  a restart")


@pytest.mark.parametrize("width", [20, 80, 119, 120, 160])
def test_lines_are_as_many_and_none_is_too_wide(width: int) -> None:
    long = Running(planned=planned("R3", "x" * 300), since=0.0, waits_for="y" * 300)
    views = [AT_START, replace(AT_START, running=(long, WAITS)), replace(AT_START, ended=(ended(KEEPS),))]
    shown = [live_view.rows(view, 5000.0, width) for view in views]
    assert {len(rows) for rows in shown} == {3}
    assert max(len(row.text) for rows in shown for row in rows) <= width


@pytest.mark.parametrize(
    ("how", "state"),
    [
        ((), State.WAITING),
        ((Ending.PASSED,), State.RUNNING),
        ((Ending.PASSED, Ending.NOT_APPLICABLE), State.HELD),
        ((Ending.PASSED, Ending.SKIPPED), State.UNDECIDED),
        ((Ending.CRASHED,), State.UNDECIDED),
        ((Ending.CRASHED, Ending.VIOLATED), State.VIOLATED),
    ],
)
def test_the_worst_that_ended_decides(how: tuple[Ending, ...], state: State) -> None:
    outcomes = tuple(ended(one, end) for one, end in zip((KEEPS, FSYNCS), how, strict=False))
    assert live_view.state(replace(AT_START, ended=outcomes), "R3") is state


def test_a_line_for_each_end_where_no_terminal_is() -> None:
    assert live_view.plain(ended(KEEPS)) == "passed         R3  a restart keeps the value (4.2 s)"
    crashed = live_view.plain(ended(LOGIN, Ending.CRASHED, "no engine \x1b[2Janswers"))
    assert crashed.startswith("crashed        R4  x (4.2 s): no engine ")
    assert "\x1b" not in crashed  # what a subject said steers no terminal


def test_a_violation_is_told_with_what_was_seen() -> None:
    violation = Violation("fsynced", seen="19 of 20 before", wanted="0 of 20")
    assert list(live_view.objections(ended(FSYNCS, Ending.VIOLATED), (violation,))) == [
        "violated       R3  every write is fsynced",
        '               fsynced: seen "19 of 20 before", wanted "0 of 20"',
    ]


@pytest.mark.parametrize(("seconds", "told"), [(0.04, "0.0 s"), (9.94, "9.9 s"), (31.4, "31 s"), (125.2, "2 min 05 s")])
def test_times_have_no_more_digits_than_tell(seconds: float, told: str) -> None:
    assert live_view.took(seconds) == told


def test_the_last_that_a_worker_said_holds(tmp_path: Path) -> None:
    waits = Waits(tmp_path)
    assert waits.known() == {}
    for worker, check, text in (("gw0", "a", "redis: starting"), ("gw1", "b", "api: starting"), ("gw0", "c", "")):
        waits.say(worker, check, text)
    assert waits.known() == {"b": "api: starting"}


def test_how_long_to_go_is_told_by_an_earlier_run_at_this_pace() -> None:
    """KEEPS took 2.1 s then and 4.2 s now: what took 30 s then takes a minute."""
    view = replace(AT_START, ended=(ended(KEEPS),), earlier={KEEPS.name: 2.1, FSYNCS.name: 30.0, LOGIN.name: 5.0})
    assert live_view.to_go(view, 110.0) == pytest.approx(60.0 + 10.0)
    both = (Running(planned=FSYNCS, since=100.0), Running(planned=LOGIN, since=100.0))
    assert live_view.to_go(replace(view, running=both), 110.0) == pytest.approx(50.0)  # the longest ends last
    head = live_view.rows(replace(view, running=both), 110.0, 80)[0].text
    assert head == "1 of 3 done, 2 at work, 10 s, about 50 s to go"


def test_without_an_earlier_run_a_few_have_to_end_first() -> None:
    many = tuple(planned("R3", f"no_{number}") for number in range(8))
    view = replace(AT_START, planned=many)
    assert live_view.to_go(view, 110.0) is None
    assert live_view.to_go(replace(view, ended=tuple(map(ended, many[:4]))), 110.0) is None
    assert live_view.to_go(replace(view, ended=tuple(map(ended, many[:5]))), 110.0) == pytest.approx(3 * 4.2)


def test_what_is_overdue_is_not_told_in_negative_seconds() -> None:
    view = replace(AT_START, planned=(KEEPS,), running=(WAITS,), earlier={KEEPS.name: 1.0})
    assert live_view.to_go(view, 200.0) == 0.0
    assert "to go" not in live_view.rows(view, 200.0, 80)[0].text


def test_the_earlier_run_is_the_last_with_something_to_tell(tmp_path: Path) -> None:
    for name, outcomes in {"1": (ended(KEEPS),), "2": (ended(FSYNCS),), "3": (), "5": (ended(LOGIN),)}.items():
        (tmp_path / name).mkdir()
        lines = "".join(f"{json.dumps(as_data(one))}\n" for one in outcomes)
        (tmp_path / name / OUTCOMES).write_text(lines)
    (tmp_path / "4").mkdir()
    (tmp_path / "4" / OUTCOMES).write_text("{ half a li")
    (tmp_path / "latest").symlink_to("5")
    assert earlier(tmp_path / "5") == {FSYNCS.name: 4.2}
    assert earlier(tmp_path / "1") == {}
