"""The healer at work on an engine that a real one cannot be made into: slow, broken off, and full of strangers."""

import asyncio
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from stack.healer import supervisor
from stack.healer.tests.fake_engine import EVENING, SmallEngine, container, written
from stack.healer.tests.healer_at_work import (
    SETTINGS,
    actions,
    at_work,
    fall_sick_and_be_healed,
    first,
    lines,
    one_engine,
    told,
    until,
    until_said,
)

pytestmark = pytest.mark.usefixtures("in_a_hurry")


def test_whoever_falls_sick_is_restarted_once_and_it_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    engine = one_engine("api", "redis")
    told(engine, tmp_path, fall_sick_and_be_healed)
    said = lines(capsys)
    assert engine.restarted == ["api"]
    assert actions(said) == ["watching", "restarting api", "restarted api", "healthy api"]
    assert (said[-1]["reason"], said[-1]["fault"]) == ("unhealthy", "no answer")
    assert {"detected_at", "restarted_at", "healthy_at", "restart_seconds", "recover_seconds"} < set(said[-1])


def test_no_thread_is_needed_for_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", full)
    engine = one_engine("api")
    told(engine, tmp_path, fall_sick_and_be_healed)
    assert engine.restarted == ["api"]


def test_whoever_was_sick_before_is_found_at_the_start(tmp_path: Path) -> None:
    engine = one_engine("api", health="unhealthy")
    told(engine, tmp_path, lambda _: until(lambda: engine.restarted == ["api"]))


@pytest.mark.parametrize("broken", [SmallEngine.hang_up, lambda engine: engine.say("no JSON\n"),
                                    lambda engine: engine.say('{"Action": "start"}\n'),
                                    lambda engine: engine.say("[]\n")])  # fmt: skip
def test_what_a_lost_stream_did_not_report_is_found(tmp_path: Path, broken: Callable[[SmallEngine], None]) -> None:
    engine = one_engine("api")

    async def lose_it(engine: SmallEngine) -> None:
        broken(engine)
        engine.fall_sick(first(engine), reported=False)
        await until(lambda: engine.restarted == ["api"])

    told(engine, tmp_path, lose_it)


def test_what_a_silent_stream_did_not_report_is_found(tmp_path: Path) -> None:
    engine = one_engine("api")

    async def fall_silent(engine: SmallEngine) -> None:
        engine.fall_sick(first(engine), reported=False)
        await until(lambda: engine.restarted == ["api"])

    told(engine, tmp_path, fall_silent)


def test_an_engine_that_comes_back_is_followed_again(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    engine = one_engine("api")

    async def restart(engine: SmallEngine) -> None:
        async with engine.away():
            engine.fall_sick(first(engine), reported=False)
            await asyncio.sleep(0.1)
        await until(lambda: engine.restarted == ["api"])

    told(engine, tmp_path, restart)
    said = lines(capsys)
    assert [one["reason"] for one in said if one["action"] == "failed"] == ["the event stream ended"]
    assert "back after: the event stream ended" in [one.get("reason") for one in said]


def test_a_storm_is_met_with_a_few_restarts_at_a_time(tmp_path: Path) -> None:
    engine = one_engine(*(f"s{number}" for number in range(20)))
    engine.restart_seconds, engine.delay = 0.02, 0.002

    async def storm(engine: SmallEngine) -> None:
        for one in engine.containers.values():
            engine.fall_sick(one)
        await until(lambda: all(one["State"]["Health"]["Status"] == "healthy" for one in engine.containers.values()))

    told(engine, tmp_path, storm)
    assert sorted(engine.restarted) == sorted(f"s{number}" for number in range(20))
    assert 1 < engine.restarts_at_once <= supervisor.RESTARTS_AT_ONCE
    assert engine.questions_at_once <= 8
    assert engine.asked < 20 * 12  # and it is not asked again and again


def test_an_engine_that_refuses_is_asked_again(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    engine = one_engine("api")

    async def refuse(engine: SmallEngine) -> None:
        engine.refusals = 5
        await fall_sick_and_be_healed(engine)

    told(engine, tmp_path, refuse)
    assert engine.restarted == ["api"]
    failures = [one["reason"] for one in lines(capsys) if one["action"] == "failed" and one.get("service") is not None]
    assert len(failures) <= 1  # told once


def test_an_engine_too_slow_to_answer_is_waited_for(tmp_path: Path) -> None:
    engine = one_engine("api")

    async def be_slow(engine: SmallEngine) -> None:
        engine.delay = 2 * SETTINGS.engine_seconds
        engine.fall_sick(first(engine))
        await asyncio.sleep(3 * SETTINGS.engine_seconds)
        assert engine.restarted == []
        engine.delay = 0
        await until(lambda: engine.restarted == ["api"])

    told(engine, tmp_path, be_slow)


def test_who_goes_meanwhile_is_forgotten_and_no_other_is(tmp_path: Path) -> None:
    engine = one_engine("api", "redis")

    async def go(engine: SmallEngine) -> None:
        gone, other = engine.containers.values()
        engine.fall_sick(gone)
        del engine.containers[gone["Id"]]
        engine.tell("destroy", gone)
        engine.fall_sick(other)
        await until(lambda: engine.restarted == ["redis"])

    told(engine, tmp_path, go)


def test_whoever_comes_meanwhile_is_tended(tmp_path: Path) -> None:
    engine = one_engine("redis")

    async def come(engine: SmallEngine) -> None:
        engine.add(new := container("new"))
        engine.fall_sick(new)
        await until(lambda: engine.restarted == ["new"])

    told(engine, tmp_path, come)


STRANGERS = {
    "longer name": {"project": "shop-2"},
    "shorter name": {"project": "sho"},
    "other letters": {"project": "\u0455hop"},  # Cyrillic
    "blank": {"project": "shop "},
    "upper case": {"project": "SHOP"},
    "from elsewhere": {"project.working_dir": "/srv/other"},
    "from nowhere": {"project.working_dir": ""},
    "no service": {"service": ""},
    "one-off": {"oneoff": "True"},
}


@pytest.mark.parametrize("labels", STRANGERS.values(), ids=STRANGERS)
def test_a_stranger_is_left_alone_whatever_its_labels_say(tmp_path: Path, labels: dict[str, str]) -> None:
    engine = SmallEngine()
    stranger = container("api", health="unhealthy", **labels)
    engine.add(stranger, container("redis", health="unhealthy"))

    async def be_there(engine: SmallEngine) -> None:
        engine.fall_sick(stranger)
        await until(lambda: engine.restarted == ["redis"])
        await asyncio.sleep(0.1)

    told(engine, tmp_path, be_there)
    assert engine.restarted == ["redis"]


def test_a_stranger_has_no_series(tmp_path: Path) -> None:
    engine = one_engine("redis")
    engine.add(container("api", **STRANGERS["from elsewhere"]))

    async def publish() -> None:
        async with at_work(engine, tmp_path) as ours:
            ours.store.publish()

    asyncio.run(publish())
    assert "redis" in written(tmp_path)
    assert "api" not in written(tmp_path)


def test_an_odd_container_keeps_no_other_from_being_healed(tmp_path: Path) -> None:
    engine = SmallEngine()
    strange = container("strange", health="unhealthy")
    strange["State"]["Health"]["Log"] = [{"Start": "yesterday"}]
    engine.add(strange, container("api", health="unhealthy"))
    told(engine, tmp_path, lambda _: until(lambda: engine.restarted == ["api"]))


def test_whoever_is_being_stopped_by_hand_is_left_to_it(tmp_path: Path) -> None:
    engine = one_engine("api")

    async def stop(engine: SmallEngine) -> None:
        engine.tell("kill", first(engine), signal="15")  # frozen: it runs on until the stop time is over
        engine.fall_sick(first(engine))
        await asyncio.sleep(0.2)
        first(engine)["State"]["Status"] = "exited"
        engine.tell("die", first(engine))
        await asyncio.sleep(0.1)

    told(engine, tmp_path, stop)
    assert engine.restarted == []


@pytest.mark.parametrize("then", ["reloaded", "started"])
def test_whoever_was_only_reloaded_or_is_back_is_healed(tmp_path: Path, then: str) -> None:
    engine = one_engine("api")

    async def go_on(engine: SmallEngine) -> None:
        engine.tell("kill", first(engine), signal="1" if then == "reloaded" else "15")
        if then == "started":
            first(engine)["State"]["StartedAt"] = EVENING
        await fall_sick_and_be_healed(engine)

    told(engine, tmp_path, go_on)
    assert engine.restarted == ["api"]


@pytest.mark.parametrize("recovers", [True, False])
def test_a_dependent_gets_time_to_recover_once_all_is_well(tmp_path: Path, recovers: bool) -> None:
    engine = SmallEngine()
    api, redis = container("api", depends_on="redis:service_healthy:false"), container("redis")
    engine.add(api, redis)

    async def suffer(engine: SmallEngine) -> None:
        engine.fall_sick(api)  # and is found out first
        engine.fall_sick(redis)
        await until(lambda: redis["State"]["Health"]["Status"] == "healthy")
        if recovers:
            engine.get_well(api)
            await asyncio.sleep(0.5)  # more than its window
        else:
            await until(lambda: api["State"]["Health"]["Status"] == "healthy")

    told(engine, tmp_path, suffer)
    assert engine.restarted == (["redis"] if recovers else ["redis", "api"])


def test_a_restart_of_the_healer_is_no_way_round_the_back_off(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    engine = one_engine("api", health="unhealthy")
    engine.deaf = True
    told(engine, tmp_path, lambda _: until(lambda: len(engine.restarted) == 2))
    capsys.readouterr()
    engine.fall_sick(first(engine))
    told(engine, tmp_path, lambda _: until(lambda: len(engine.restarted) == 3))
    reasons = [one["reason"] for one in lines(capsys) if one["action"] == "waiting"]
    assert reasons[0].endswith("restarts in a row: 2")


def test_a_restart_is_recorded_before_it_happens(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    engine = one_engine("api", health="unhealthy")
    engine.restart_seconds = 60
    told(engine, tmp_path, lambda _: until(lambda: engine.restarting == 1))
    assert 'healer_restarts_total{service="api",reason="unhealthy"} 1\n' in written(tmp_path)
    capsys.readouterr()
    engine.restart_seconds, engine.restarting = 0, 0
    first(engine)["State"]["StartedAt"] = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 1))
    first(engine)["State"]["Health"]["Status"] = "healthy"
    told(engine, tmp_path, lambda _: until_said("healthy"))
    said = lines(capsys)
    assert actions(said) == ["watching", "healthy api"]
    assert said[-1]["restarted_at"]


@pytest.mark.parametrize("reported", [True, False])
def test_ourselves_are_left_to_another_healer(tmp_path: Path, *, reported: bool) -> None:
    engine = one_engine("healer", "api")

    async def fall_sick(engine: SmallEngine) -> None:
        for one in engine.containers.values():
            engine.fall_sick(one, reported=reported)
        await until(lambda: bool(engine.restarted))
        await asyncio.sleep(0.4)  # more than a round

    told(engine, tmp_path, fall_sick)
    assert engine.restarted == ["api"]
    assert "healer" not in written(tmp_path).replace("healer_", "")


@pytest.mark.parametrize("reported", [True, False])
def test_whoever_is_there_for_one_service_leaves_all_others(tmp_path: Path, *, reported: bool) -> None:
    engine = one_engine("api", "redis")

    async def fall_sick(engine: SmallEngine) -> None:
        for one in engine.containers.values():
            engine.fall_sick(one, reported=reported)
        engine.tell("kill", first(engine), signal="15")
        await until(lambda: bool(engine.restarted))
        await asyncio.sleep(0.4)

    told(engine, tmp_path, fall_sick, replace(SETTINGS, only=("redis",)))
    assert engine.restarted == ["redis"]
    assert "api" not in written(tmp_path)
    assert first(engine)["Id"] not in (tmp_path / "healer.json").read_text()
