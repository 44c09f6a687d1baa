"""What `invoke status` reads from the healer's log."""

import json
from datetime import UTC, datetime

import pytest

from stack.driver import docker
from stack.driver.errors import StackError
from stack.ops.healer_log import summary, told_of

NOW = datetime(2026, 11, 24, 15, 10, tzinfo=UTC)


def said(second: int, action: str, service: str = "api", container: str = "c1", **more: object) -> str:
    time = f"2026-11-24T15:08:{second:02d}.000+00:00"
    return json.dumps({"time": time, "action": action, "service": service, "container": container} | more) + "\n"


STARTED = json.dumps({"time": "2026-11-24T15:00:00.000+00:00", "action": "watching", "project": "shop"}) + "\n"
WHY = {"reason": "unhealthy", "fault": "no answer within 1 s", "detected_at": "2026-11-24T15:08:00.500+00:00"}
HEALED = STARTED + said(1, "restarting", **WHY) + said(2, "restarted", **WHY) + said(3, "healthy", **WHY)
HEADING = "restarted by the healer since 2026-11-24 15:00 UTC:"


def test_a_restart_is_told_with_when_and_why_and_what_came_of_it() -> None:
    assert summary([HEALED], NOW) == [
        HEADING,
        "  api            once at 15:08:01, 119 s ago: unhealthy (no answer within 1 s); healthy again after 2.5 s",
    ]


def test_several_are_counted_and_the_last_is_told() -> None:
    log = HEALED + said(9, "gave-way", reason="patience is over, dependency redis is paused")
    assert summary([log], NOW)[1] == (
        "  api            2 times, last at 15:08:09, 111 s ago: patience is over, dependency redis is paused"
    )


def test_a_restart_that_only_its_end_is_known_of_counts() -> None:
    log = STARTED + said(1, "restarted", "healer", reason="unhealthy, says its own health check")
    assert summary([log], NOW)[1].startswith("  healer         once at 15:08:01")


@pytest.mark.parametrize("action", ["waiting", "failed"])
def test_who_is_held_back_is_told_so(action: str) -> None:
    log = HEALED + said(5, action, reason="back-off of 2 s, restarts in a row: 1")
    assert summary([log], NOW)[2] == (
        "  api            held back since 15:08:05, 115 s ago: back-off of 2 s, restarts in a row: 1"
    )


@pytest.mark.parametrize(
    "reason",
    [
        "2 of 2 failed probes were only late, while the machine kept tasks waiting 97% of the time",
        "the budget of restarts is used up: 20 for the whole stack, and one more every 30 s",
    ],
)
def test_why_somebody_is_held_back_is_told_in_full(reason: str) -> None:
    assert summary([STARTED + said(5, "waiting", reason=reason)], NOW)[1] == (
        f"  api            held back since 15:08:05, 115 s ago: {reason}"
    )


def test_a_half_way_restart_is_one_restart_and_shows_until_done() -> None:
    failed = STARTED + said(1, "restarting", **WHY) + said(2, "failed", reason="500 no such network")
    assert summary([failed], NOW)[2].endswith("held back since 15:08:02, 118 s ago: 500 no such network")
    finished = failed + said(4, "finishing", reason="stopped by a restart that failed half-way")
    finished += said(5, "restarted", **WHY) + said(6, "healthy", **WHY)
    assert summary([finished], NOW)[1:] == [
        "  api            once at 15:08:01, 119 s ago: unhealthy (no answer within 1 s); healthy again after 5.5 s",
    ]


@pytest.mark.parametrize("action", ["restarting", "left-alone", "healthy", "finishing"])
def test_nobody_is_held_back_for_ever(action: str) -> None:
    log = STARTED + said(5, "waiting", reason="back-off") + said(6, action)
    assert not [line for line in summary([log], NOW) if "held back" in line]


def test_each_replica_is_held_back_by_itself() -> None:
    log = STARTED + said(5, "waiting", reason="back-off") + said(6, "healthy", container="c2")
    assert len([line for line in summary([log], NOW) if "held back" in line]) == 1


def test_services_are_told_by_name() -> None:
    log = HEALED + said(8, "restarting", "a-first", reason="unhealthy")
    assert [line.split()[0] for line in summary([log], NOW)[1:]] == ["a-first", "api"]


@pytest.mark.parametrize(
    "log", ["", "\n", "Traceback (most recent call last):\n", '{"time": 5, "action": "x"}\n', "[]\n"]
)
def test_a_log_that_says_nothing_is_no_trouble(log: str) -> None:
    assert summary([log], NOW) == ["the healer has said nothing yet"]


def test_a_healer_that_had_nothing_to_do_says_so() -> None:
    assert summary([STARTED], NOW) == ["nothing to heal since 2026-11-24 15:00 UTC"]


def test_what_a_probe_said_reaches_no_terminal_as_control_codes() -> None:
    log = STARTED + said(1, "restarting", "\x1b[2Japi", reason="unhealthy", fault="\x1b]0;x\x07\nred")
    assert all(line.isprintable() for line in summary([log], NOW))


def test_old_things_are_told_in_larger_units() -> None:
    later = datetime(2026, 11, 27, 16, 0, tzinfo=UTC)
    assert "3 d ago" in summary([HEALED], later)[1]
    assert "52 min ago" in summary([HEALED], NOW.replace(hour=16, minute=1))[1]


def test_two_healers_are_told_as_one_since_both_are_known() -> None:
    watchdog = STARTED.replace("15:00", "14:30") + said(4, "restarting", "healer", **WHY)
    told = summary([HEALED, watchdog], NOW)
    assert told[0] == HEADING
    assert [line.split()[0] for line in told[1:]] == ["api", "healer"]
    assert summary([STARTED, ""], NOW) == ["nothing to heal since 2026-11-24 15:00 UTC"]


def test_a_log_that_cannot_be_read_costs_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    def ask(*words: str) -> str:
        if words[0] == "ps":
            return "w" if words[-1].endswith("=watchdog") else "h"
        if words[1] == "w":
            raise StackError("its log driver keeps nothing")
        return HEALED

    monkeypatch.setattr(docker, "ask", ask)
    told = told_of("shop", NOW)
    assert told[0] == HEADING
    assert told[-1] == "what the watchdog did cannot be read: its log driver keeps nothing"
