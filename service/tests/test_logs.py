"""What a line of the log looks like, and how often one is written."""

import json
import logging
import sys
from datetime import datetime

import pytest

from service.condition import QUIET_SECONDS, Condition
from service.logs import JsonFormatter


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def condition(clock: Clock, caplog: pytest.LogCaptureFixture) -> Condition:
    caplog.set_level(logging.INFO)
    return Condition(logging.getLogger("test"), well="well", clock=clock)


def line(**attributes: object) -> dict[str, object]:
    record = logging.makeLogRecord({"levelno": logging.INFO, "levelname": "INFO", "name": "n", **attributes})
    formatted = JsonFormatter().format(record)
    assert "\n" not in formatted
    loaded = json.loads(formatted)
    assert isinstance(loaded, dict)
    return loaded


def test_line_says_when_how_bad_and_what() -> None:
    seen = line(msg="%s\nway", args=("this",), fields={"port": 5000})
    assert datetime.fromisoformat(str(seen.pop("time"))).tzinfo is not None
    assert seen == {"level": "info", "logger": "n", "event": "this\nway", "port": 5000}


def test_traceback_stays_in_its_line() -> None:
    try:
        int("bad")
    except ValueError:
        assert "ValueError: invalid" in str(line(msg="oops", exc_info=sys.exc_info())["exception"])


def test_what_a_library_adds_stays_out() -> None:
    assert "color_message" not in line(msg="x", color_message="y")


def test_change_is_said_once(condition: Condition, clock: Clock, caplog: pytest.LogCaptureFixture) -> None:
    for _ in range(3):
        condition.is_ill("ill")
        clock.now += QUIET_SECONDS
    condition.is_well()
    assert caplog.messages == ["ill", "well"]


def test_reasons_that_alternate_are_said_once_each(
    condition: Condition, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    for reason in ("frozen", "gone", "frozen", "gone"):
        condition.is_ill(reason)
        clock.now += QUIET_SECONDS
    assert caplog.messages == ["frozen", "gone"]


def test_quick_changes_are_not_all_said_but_the_last_is(
    condition: Condition, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    for _ in range(100):
        condition.is_ill("ill")
        condition.is_well()
    clock.now += QUIET_SECONDS
    condition.is_well()
    assert caplog.messages == ["ill", "well"]
