"""What is made of the numbers: who was wrongly restarted, what the table says, and that hogs do not outlive us."""

import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace

import pytest

from checks.campaigns.bench import busy_healing, hogs
from checks.campaigns.bench.busy_healing import Busy, Healed, Keeper, Left, table
from checks.campaigns.bench.healers import OURS, POLLING
from stack.driver.progress import Progress

RIGHT = Busy(
    at="2026-01-01T00:00:00+00:00",
    machine="2 cores, Linux 6",
    hogs=20,
    stalled=0.993,
    left=(
        Left(keeper=OURS, services=6, minutes=10.0),
        Left(keeper=POLLING, services=5, minutes=10.0, restarts={"redis": 1, "api": 2}),
    ),
    healed=(Healed(fault="main process frozen", seconds=9.2), Healed(fault="main process killed", seconds=4.0)),
)


def test_ours_is_right_with_nobody_restarted_and_all_healed() -> None:
    assert RIGHT.ours_is_right


@pytest.mark.parametrize(
    "wrong",
    [
        replace(RIGHT, left=(Left(keeper=OURS, services=6, minutes=10.0, restarts={"api": 1}),)),
        replace(RIGHT, healed=(*RIGHT.healed, Healed(fault="hang", seconds=None))),
        replace(RIGHT, healed=(*RIGHT.healed, Healed(fault="hang", seconds=None, trouble="it did not take hold"))),
    ],
)
def test_it_is_not_where_somebody_was_restarted_or_not_healed(wrong: Busy) -> None:
    assert not wrong.ours_is_right


def test_what_the_healer_said_of_a_wrong_restart_is_told() -> None:
    assert "- api: unhealthy; refused" in table(replace(RIGHT, reasons=("api: unhealthy; refused",))).splitlines()


def test_the_table_says_who_was_restarted_and_what_was_healed() -> None:
    assert table(RIGHT).splitlines() == [
        "| healer | services | minutes | wrong restarts |",
        "|---|---|---|---|",
        f"| {OURS} | 6 | 10 | 0 |",
        f"| {POLLING} | 5 | 10 | 3 (api 2, redis 1) |",
        "",
        "| made sick beside the hogs | healed by our healer in s |",
        "|---|---|",
        "| main process frozen | 9.2 |",
        "| main process killed | 4.0 |",
        "",
        "20 hogs, 2 cores, Linux 6, 2026-01-01T00:00:00+00:00; tasks had to wait 99% of the time.",
    ]


def test_every_new_start_counts_and_the_first_one_does_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(busy_healing, "LOOK_EVERY", 0.01)
    looks: Iterator[Mapping[str, str]] = iter(
        [{"api": "1", "redis": "1"}, {"api": "1", "redis": "2"}, {"api": "2", "redis": "3"}]
    )
    last = {"api": "2", "redis": "3"}
    keeper = Keeper(name=OURS, starts=lambda: next(looks, last))
    with Progress() as progress:
        (left,) = busy_healing._left_alone([keeper], 0.2, progress)
    assert (left.services, left.restarts, left.wrong) == (2, {"api": 1, "redis": 2}, 3)


def test_a_keeper_is_asked_where_it_is() -> None:
    asked: list[str] = []

    @contextmanager
    def elsewhere() -> Iterator[None]:
        asked.append("there")
        yield

    keeper = Keeper(name=OURS, starts=lambda: {"api": "1"}, place=elsewhere)
    assert busy_healing._seen(keeper) == {"api": "1"}
    assert asked == ["there"]


def alive(words: str) -> int:
    """How many processes have these words on their command line."""
    listed = subprocess.run(["ps", "-ewwo", "args"], check=True, capture_output=True, text=True).stdout
    return sum(words in line for line in listed.splitlines())


def test_hogs_are_as_many_as_asked_for_and_end_with_the_block() -> None:
    with hogs.hogs(3, seconds=61.25):
        time.sleep(0.2)
        assert alive("61.25") == 3
    assert alive("61.25") == 0


def test_hogs_end_by_themselves_and_with_whoever_started_them() -> None:
    script = "from checks.campaigns.bench.hogs import hogs\nimport os\nwith hogs(2, 62.25): os._exit(0)"
    subprocess.run([sys.executable, "-c", script], check=True)
    time.sleep(0.5)
    assert alive("62.25") == 0
