"""The healer on a machine that starves, and out of its budget."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest

from stack.healer.pressure import Pressure
from stack.healer.tests.fake_engine import LATE, SmallEngine, container, written
from stack.healer.tests.healer_at_work import (
    SAID,
    SETTINGS,
    actions,
    at_work,
    first,
    lines,
    one_engine,
    told,
    until,
    until_said,
)

pytestmark = pytest.mark.usefixtures("in_a_hurry")
BAD = LATE | {"ExitCode": 1, "Output": "connection refused"}


class Starved(Pressure):
    """A machine that has starved for ever."""

    def share(self, start: float, end: float) -> float:
        return 0.97 if end > start else 0.0


def late_engine() -> SmallEngine:
    engine = SmallEngine()
    one = container("api")
    one["State"]["Health"]["Log"] = [LATE]
    engine.add(one, container("redis"))
    return engine


async def fall_sick_and_be_held_back(engine: SmallEngine) -> None:
    engine.fall_sick(first(engine))
    await until_said("waiting")
    await asyncio.sleep(0.3)
    assert engine.restarted == []


def test_who_is_only_late_is_held_back_until_well(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    async def story(engine: SmallEngine) -> None:
        await fall_sick_and_be_held_back(engine)
        engine.get_well(first(engine))
        await until_said("left-alone")

    engine = late_engine()
    told(engine, tmp_path, story, pressure=Starved())
    said = lines(capsys)
    assert engine.restarted == []
    assert actions(said) == ["watching", "waiting api", "left-alone api"]
    assert said[1]["reason"] == (
        "1 of 1 failed probes were only late, while the machine kept tasks waiting 97% of the time; "
        "its main process is asleep"
    )


@pytest.mark.parametrize("how", ["it is gone", "health is healthy"])
def test_that_it_is_over_is_told_after_a_restart_of_ours(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], how: str
) -> None:
    engine = late_engine()
    told(engine, tmp_path, fall_sick_and_be_held_back, pressure=Starved())
    capsys.readouterr()
    if how == "it is gone":
        del engine.containers[first(engine)["Id"]]
    else:
        first(engine)["State"]["Health"]["Status"] = "healthy"
    told(engine, tmp_path, lambda _: until_said("left-alone"), pressure=Starved())
    assert [one["reason"] for one in lines(capsys) if one["action"] == "left-alone"] == [how]


def test_why_shows_as_a_series_while_it_lasts(tmp_path: Path) -> None:
    async def lived() -> list[str]:
        async with at_work(engine, tmp_path, pressure=Starved()) as ours:
            await fall_sick_and_be_held_back(engine)
            ours.store.publish()
            held = written(tmp_path)
            engine.get_well(first(engine))
            await until_said("left-alone")
            ours.store.publish()
            seen.extend([held, written(tmp_path)])
        return seen

    engine, seen = late_engine(), list[str]()
    asyncio.run(lived())
    series = 'healer_held_back{service="api",reason="starved"}'
    assert [f"{series} {count}\n" in text for text, count in zip(seen, (1, 0), strict=True)] == [True, True]


def stop_its_main_process(engine: SmallEngine) -> None:
    engine.main_state = "Tsl"


def say_something_bad(engine: SmallEngine) -> None:
    first(engine)["State"]["Health"]["Log"].append(BAD)


@pytest.mark.parametrize("break_it", [stop_its_main_process, say_something_bad])
def test_what_is_a_fault_on_any_machine_is_healed_at_once(
    tmp_path: Path, break_it: Callable[[SmallEngine], None]
) -> None:
    async def story(engine: SmallEngine) -> None:
        await fall_sick_and_be_held_back(engine)
        break_it(engine)
        await until(lambda: engine.restarted == ["api"])

    told(late_engine(), tmp_path, story, replace(SETTINGS, starved_patience_seconds=1000), Starved())


def test_an_engine_without_ps_keeps_nobody_from_being_healed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    engine = late_engine()
    engine.main_state = ""

    async def story(engine: SmallEngine) -> None:
        await fall_sick_and_be_held_back(engine)
        await until(lambda: engine.restarted == ["api"])

    told(engine, tmp_path, story, replace(SETTINGS, starved_patience_seconds=0.6), Starved())
    (held,) = [one["reason"] for one in lines(capsys) if one["action"] == "waiting"]
    assert "its main process is not to be seen: 500 " in held


def test_patience_ends(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    async def story(engine: SmallEngine) -> None:
        await fall_sick_and_be_held_back(engine)
        await until(lambda: engine.restarted == ["api"])

    told(late_engine(), tmp_path, story, replace(SETTINGS, starved_patience_seconds=0.6), Starved())
    said = [one for one in lines(capsys) if one["action"] == "restarting"]
    assert [one["reason"].split(",")[0] for one in said] == ["patience is over"]
    assert 'healer_restarts_total{service="api",reason="patience"} 1\n' in written(tmp_path)


def probed(*, well: bool) -> list[dict[str, object]]:
    """A log of the engine with five probes, 50 ms apart; each that failed was late."""
    times = [f"2026-01-01T01:00:00.{50 * number:03}Z" for number in range(6)]
    how = LATE | ({"ExitCode": 0} if well else {})
    return [how | {"Start": start, "End": end} for start, end in pairwise(times)]


@pytest.mark.parametrize(("others_well", "action"), [(False, "waiting"), (True, "restarting")])
def test_after_its_patience_it_looks_at_how_the_others_do(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], action: str, *, others_well: bool
) -> None:
    async def story(engine: SmallEngine) -> None:
        api, redis = engine.containers.values()
        api["State"]["Health"]["Log"] = probed(well=False)
        redis["State"]["Health"]["Log"] = probed(well=others_well)
        engine.fall_sick(api)
        await until(lambda: "restarting" in SAID or SAID.count("waiting") == 2)

    told(late_engine(), tmp_path, story, replace(SETTINGS, starved_patience_seconds=0.6), Starved())
    said, *_ = [one for one in lines(capsys) if "meanwhile" in one.get("reason", "")]
    assert said["action"] == action
    assert f"half had {100 * others_well}% of their probes passed meanwhile" in said["reason"]


def test_who_is_late_on_a_quiet_machine_is_restarted_at_once(tmp_path: Path) -> None:
    engine = late_engine()

    async def story(engine: SmallEngine) -> None:
        engine.fall_sick(first(engine))
        await until(lambda: engine.restarted == ["api"])

    told(engine, tmp_path, story)
    assert engine.looked_at_processes == 0


def test_restarts_end_with_the_budget_and_go_on_with_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    engine = one_engine(*(f"s{number}" for number in range(6)))

    async def storm(engine: SmallEngine) -> None:
        for one in engine.containers.values():
            engine.fall_sick(one)
        await until(lambda: len(engine.restarted) == 3)
        await asyncio.sleep(0.2)
        assert len(engine.restarted) == 3
        await until(lambda: len(engine.restarted) == 4)

    told(engine, tmp_path, storm, replace(SETTINGS, budget_restarts=3, budget_refill_seconds=0.8))
    waiting = {one["reason"] for one in lines(capsys) if one["action"] == "waiting"}
    assert waiting == {"the budget of restarts is used up: 3 for the whole stack, and one more every 0.8 s"}


def test_a_restart_of_the_healer_is_no_way_round_the_budget(tmp_path: Path) -> None:
    engine, settings = one_engine("api", "redis"), replace(SETTINGS, budget_restarts=1, budget_refill_seconds=1000)
    for one in engine.containers.values():
        one["State"]["Health"]["Status"] = "unhealthy"
    told(engine, tmp_path, lambda _: until(lambda: len(engine.restarted) == 1), settings)
    told(engine, tmp_path, lambda _: asyncio.sleep(0.4), settings)
    assert len(engine.restarted) == 1
