"""A restart that failed half-way is finished by whoever began it; what somebody stopped by hand stays stopped."""

import asyncio
import time
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest

from stack.healer.container import Container
from stack.healer.policy import Memory
from stack.healer.state import Treatment
from stack.healer.tests.fake_engine import SmallEngine
from stack.healer.tests.healer_at_work import (
    SETTINGS,
    actions,
    first,
    lines,
    one_engine,
    told,
    until,
    until_said,
)
from stack.healer.unfinished import unfinished

pytestmark = pytest.mark.usefixtures("in_a_hurry")


async def healthy_again(engine: SmallEngine) -> None:
    await until(lambda: first(engine)["State"]["Health"]["Status"] == "healthy" and bool(engine.started))
    await until_said("healthy")


async def be_refused(engine: SmallEngine) -> None:
    """Fall sick, be stopped by the healer, and not be started."""
    engine.starts_refused = 1
    engine.fall_sick(first(engine))
    await until(lambda: first(engine)["State"]["Status"] == "exited")


def test_a_start_that_was_refused_is_tried_again(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    engine = one_engine("api", "redis")

    async def story(engine: SmallEngine) -> None:
        await be_refused(engine)
        await healthy_again(engine)

    told(engine, tmp_path, story)
    said = lines(capsys)
    assert (engine.restarted, engine.started) == ([], ["api"])
    assert actions(said) == [
        "watching", "restarting api", "failed api", "waiting api", "finishing api", "restarted api", "healthy api",
    ]  # fmt: skip
    assert said[2]["reason"].startswith("404 ")
    assert "network backend not found" in said[2]["reason"]
    assert said[-1]["fault"] == "no answer"


def test_refused_again_and_again_is_tried_ever_more_seldom(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    engine = one_engine("api")

    async def story(engine: SmallEngine) -> None:
        engine.starts_refused = 4
        engine.fall_sick(first(engine))
        await healthy_again(engine)

    told(engine, tmp_path, story)
    reasons = [one["reason"] for one in lines(capsys) if one["action"] == "waiting"]
    assert [reason.rpartition(" ")[2] for reason in reasons] == ["1", "2", "3", "4"]


def test_an_engine_that_goes_away_in_the_middle_is_met_again(tmp_path: Path) -> None:
    engine = one_engine("api")

    async def story(engine: SmallEngine) -> None:
        engine.restart_seconds = 60
        engine.fall_sick(first(engine))
        await until(lambda: engine.restarting == 1)
        async with engine.away():
            stop(first(engine))
        await healthy_again(engine)

    told(engine, tmp_path, story)
    assert engine.started == ["api"]


def test_a_healer_that_was_restarted_finishes_what_it_began(tmp_path: Path) -> None:
    engine = one_engine("api")
    told(engine, tmp_path, be_refused)
    assert engine.started == []
    told(engine, tmp_path, healthy_again)
    assert engine.started == ["api"]


def test_one_that_somebody_else_started_is_no_failure(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    engine = one_engine("api")
    engine.started_already = True

    async def story(engine: SmallEngine) -> None:
        await be_refused(engine)
        await healthy_again(engine)

    told(engine, tmp_path, story)
    assert actions(lines(capsys)).count("failed api") == 1


def test_the_last_signal_of_a_restart_is_ours_after_our_own(tmp_path: Path) -> None:
    engine = one_engine("api")

    async def be_ended_meanwhile(engine: SmallEngine) -> None:
        engine.restart_seconds = 60
        engine.fall_sick(first(engine))
        await until(lambda: engine.restarting == 1)

    async def hear_of_the_signal(engine: SmallEngine) -> None:
        engine.tell("kill", first(engine), at=time.time_ns(), signal="9")
        stop(first(engine))
        await healthy_again(engine)

    told(engine, tmp_path, be_ended_meanwhile)
    told(engine, tmp_path, hear_of_the_signal)
    assert engine.started == ["api"]


def test_late_word_of_our_own_stop_is_not_somebody_elses(tmp_path: Path) -> None:
    engine = one_engine("api")

    async def story(engine: SmallEngine) -> None:
        await be_refused(engine)
        ended = datetime.fromisoformat(first(engine)["State"]["FinishedAt"])
        await asyncio.sleep(0.05)  # until the refusal has come through
        engine.tell("kill", first(engine), at=int(ended.timestamp() * 1e9), signal="15")
        await healthy_again(engine)

    told(engine, tmp_path, story)
    assert engine.started == ["api"]


def test_what_somebody_stopped_while_it_was_sick_stays_stopped(tmp_path: Path) -> None:
    engine = one_engine("api")

    async def story(engine: SmallEngine) -> None:
        engine.tell("kill", first(engine), signal="15")
        engine.fall_sick(first(engine))
        stop(first(engine))
        engine.tell("die", first(engine))
        await asyncio.sleep(0.5)  # more than a look round

    told(engine, tmp_path, story)
    assert (engine.restarted, engine.started) == ([], [])


def test_what_is_stopped_by_hand_after_a_restart_stays_stopped(tmp_path: Path) -> None:
    engine = one_engine("api")

    async def story(engine: SmallEngine) -> None:
        engine.deaf = True
        engine.fall_sick(first(engine))
        await until(lambda: engine.restarted == ["api"])
        stop(first(engine))
        engine.tell("die", first(engine))
        await asyncio.sleep(0.5)

    told(engine, tmp_path, story, replace(SETTINGS, backoff_cap_seconds=60))
    assert engine.started == []


def stop(one: dict[str, object]) -> None:
    state = one["State"]
    assert isinstance(state, dict)
    state |= {"Status": "exited", "FinishedAt": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 1))}


BEGUN = Treatment(reason="unhealthy", began_at=100)
DOWN = Container(id="a", project="shop", service="api", status="exited",
                 started_at="1970-01-01T00:00:10Z", finished_at="1970-01-01T00:01:41Z")  # fmt: skip


def test_who_ended_in_a_restart_is_to_be_started() -> None:
    assert unfinished(DOWN, BEGUN, Memory())
    assert unfinished(DOWN, replace(BEGUN, failed_at=102.0), Memory(asked_to_end_at=50))


@pytest.mark.parametrize(
    ("patient", "treatment", "memory"),
    [
        (DOWN, None, Memory()),
        (DOWN, replace(BEGUN, restarted_at=101.5), Memory()),
        (replace(DOWN, status="running"), BEGUN, Memory()),
        (replace(DOWN, status="paused"), BEGUN, Memory()),
        (replace(DOWN, finished_at="1970-01-01T00:01:39Z"), BEGUN, Memory()),  # before we began
        (replace(DOWN, finished_at=""), BEGUN, Memory()),  # never
        (replace(DOWN, started_at="1970-01-01T00:01:40.5Z"), BEGUN, Memory()),  # started, and ended again since
        (DOWN, BEGUN, Memory(asked_to_end_at=100.5)),  # by somebody else
    ],
)
def test_whatever_else_does_not_run_is_none_of_our_business(
    patient: Container, treatment: Treatment | None, memory: Memory
) -> None:
    assert not unfinished(patient, treatment, memory)
