"""What a soak of faults plans, what it concludes, how it goes on, and what it tells."""

import threading
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest

from checks.campaigns.fault_matrix.matrix import FAULTS
from checks.campaigns.soak import fault_soak
from checks.campaigns.soak.__main__ import main
from checks.campaigns.soak.fault_soak import Sufferer
from checks.campaigns.soak.faults import (
    WRONG,
    FaultFolder,
    FaultPlan,
    FaultSoak,
    Suffered,
    as_markdown,
    concluded,
    steps,
)
from checks.campaigns.soak.folder import take_up
from checks.core.cli import UNUSABLE
from checks.core.codec import UnfitError
from checks.core.run import OBSERVATIONS, Run
from checks.core.verdict import Verdict
from checks.requirements.r9_self_healing.samples.healing import CRASHED, HEALED, STALLED, STOPPED
from checks.roles.api.client import Door, Items
from checks.roles.load import Load
from checks.subject.profile import Subject
from checks.subject.stack import Stack
from stack.driver.errors import NothingThereError, StackError

PLAN = FaultPlan(seed=5, faults=20)
WELL = [
    Suffered(
        time="2026-11-24T05:00:00.000Z", step=step, service="redis", seen=HEALED, unwell=(), acknowledged=100,
        lost=(), took=9.0,
    )
    for step in steps(PLAN)
]  # fmt: skip
SOAK = FaultSoak(run=Run(start="2026-11-24T05:00:00.000Z"), plan=PLAN, suffered=tuple(WELL))


def with_one(**other: object) -> FaultSoak:
    return replace(SOAK, suffered=(*WELL[:-1], replace(WELL[-1], **other)))  # type: ignore[arg-type]


@pytest.fixture
def folder(tmp_path: Path) -> FaultFolder:
    (tmp_path / "compose.yaml").write_text("services: {}\n")
    return FaultFolder.of(tmp_path / "evidence", PLAN, Subject(compose_file=tmp_path / "compose.yaml"))


def test_each_fault_comes_equally_often_in_the_order_of_the_seed() -> None:
    counts = [sum(step.fault == fault for step in steps(PLAN)) for fault in FAULTS]
    assert sum(counts) == 20
    assert max(counts) - min(counts) <= 1
    assert steps(PLAN) == steps(replace(PLAN))
    assert steps(PLAN) != steps(replace(PLAN, seed=6))


def test_a_soak_in_which_all_went_well_is_proven() -> None:
    assert concluded(SOAK) == (Verdict.PROVEN, ())
    assert str(SOAK) == "20 faults, 0 wrong restarts, 0 of 2,000 acknowledged writes lost"


@pytest.mark.parametrize(
    ("other", "reason"),
    [
        ({"lost": ("fault-20-0-1",)}, "1 acknowledged writes lost: fault-20-0-1"),
        ({"unwell": ("api",)}, "not healthy when all should have settled: api"),
        ({"seen": replace(HEALED, others={"api": True})}, "others-left-alone: restarted: api"),
        ({"seen": replace(STOPPED, status="running")}, "stop-left-alone: api (stopped): running"),
        ({"seen": replace(STALLED, restarted=("api",))}, "stall-left-alone: api (stall-3s): restarted: api"),
        ({"seen": replace(HEALED, phases={})}, "found-unhealthy: redis (frozen): never"),
    ],
)
def test_what_should_not_have_been_is_a_reason_against(other: dict[str, object], reason: str) -> None:
    verdict, reasons = concluded(with_one(**other))
    assert verdict is Verdict.VIOLATED
    assert [told.partition(": ")[2] for told in reasons] == [reason]
    assert reason in as_markdown(with_one(**other))


def test_a_wrong_restart_is_no_service_that_stayed_away() -> None:
    assert with_one(seen=replace(CRASHED, others={"api": True})).wrong == 1
    assert with_one(seen=replace(CRASHED, phases={})).wrong == 0
    assert {rule.rpartition("-left-alone")[2] for rule in WRONG} == {""}


def test_what_is_left_or_was_not_written_decides_nothing() -> None:
    assert concluded(replace(SOAK, suffered=SOAK.suffered[:3])) == (Verdict.UNDECIDED, ("3 of 20 faults happened",))
    silent = replace(SOAK, suffered=tuple(replace(one, acknowledged=0) for one in WELL))
    assert concluded(silent) == (Verdict.UNDECIDED, ("no write was acknowledged meanwhile",))


def test_an_interrupted_soak_goes_on_where_it_was(folder: FaultFolder) -> None:
    for one in WELL[:3]:
        folder.happened(one)
    with (folder.path / OBSERVATIONS).open("a") as file:
        file.write('{"time": "half a li')
    again = FaultFolder(folder.path)
    assert again.soak().suffered == tuple(WELL[:3])
    assert again.soak().left[0].number == 4


@pytest.mark.parametrize("seen", [HEALED, CRASHED, STOPPED], ids=lambda seen: type(seen).__name__)
def test_what_was_seen_is_the_same_from_disk(folder: FaultFolder, seen: object) -> None:
    folder.happened(replace(WELL[0], seen=seen))  # type: ignore[arg-type]
    assert folder.soak().suffered[0].seen == seen


def test_a_folder_of_another_plan_is_unfit(folder: FaultFolder, tmp_path: Path) -> None:
    folder.happened(WELL[1])
    with pytest.raises(UnfitError, match="not what its plan asks for"):
        FaultFolder(folder.path).soak()
    with pytest.raises(UnfitError, match="no folder of a soak"):
        take_up(tmp_path)


@pytest.mark.parametrize(
    "arguments", [["--faults", "0"], ["--faults", "2", "--cuts", "1"], ["--faults", "2", "--resume", "x"]]
)
def test_unusable_arguments_are_told_in_a_sentence(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(arguments) == UNUSABLE
    assert capsys.readouterr().err.startswith("error: a soak ")


def test_a_fault_befalls_the_first_service_that_has_its_object(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def go_through(_: Stack, __: str, service: str) -> object:
        asked.append(service)
        if service != "redis":
            raise NothingThereError("it listens on no TCP port")
        return HEALED

    monkeypatch.setattr(fault_soak, "go_through", go_through)
    monkeypatch.setattr(fault_soak, "rest", lambda *_: None)
    stack = cast(Stack, SimpleNamespace(project=SimpleNamespace(services=("api", "redis", "healer"))))
    assert Sufferer(stack, None)._befallen(steps(PLAN)[0]) == ("redis", HEALED)  # type: ignore[arg-type]
    assert asked[-1] == "redis"
    alone = cast(Stack, SimpleNamespace(project=SimpleNamespace(services=("api",))))
    with pytest.raises(StackError, match="no service has what is to break"):
        Sufferer(alone, None)._befallen(steps(PLAN)[0])  # type: ignore[arg-type]


def test_a_writer_looks_for_the_api_again_after_a_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    load, looked = Load(over=threading.Event()), []

    def door(_: Items) -> Door:
        looked.append(1)
        if len(looked) == 3:
            load.over.set()
        raise StackError("it has no container")

    monkeypatch.setattr(Items, "door", door)
    monkeypatch.setattr(fault_soak, "AGAIN", 0.0)
    fault_soak._write(load, Items(cast(Stack, None)), "fault")
    assert len(looked) == 3
    assert load.acknowledged == {}
