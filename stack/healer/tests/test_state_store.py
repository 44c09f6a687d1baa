"""What the healer keeps on disk, and what Prometheus gets to read of it."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from stack.healer.budget import Budget
from stack.healer.metrics import exposition
from stack.healer.policy import Memory
from stack.healer.settings import Settings
from stack.healer.state import State, Totals, Treatment
from stack.healer.state_store import StateStore
from stack.healer.tests.fake_engine import written

MEMORY = Memory(started_at="2026-01-01T00:00:00Z", sick_since=90, restarts=3, tried_at=95)
TREATMENT = Treatment(reason="unhealthy", fault="no answer", began_at=1e9)
TOTALS = Totals().with_services({"api", "redis"}).with_restart("api", "unhealthy").with_spell("api", 2.5)


def opened(folder: Path, boot: str = "this one", now: float = 100) -> StateStore:
    store = StateStore(Settings(), folder, boot=boot, clock=lambda: now)
    store.open()
    return store


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """With what an earlier run has left."""
    store = opened(tmp_path)
    store.count(TOTALS)
    store.enter("c", service="api", memory=MEMORY, sick_from=90.0, treatment=TREATMENT)
    return tmp_path


def test_a_new_run_goes_on_where_the_last_one_was(folder: Path) -> None:
    store = opened(folder)
    assert store.states == {"c": State(service="api", memory=MEMORY, sick_from=90.0, treatment=TREATMENT)}
    assert store.totals == TOTALS


def test_the_clock_of_another_boot_says_nothing_and_counts_go_on(folder: Path) -> None:
    store = opened(folder, boot="another")
    assert (store.states, store.totals) == ({"c": State(service="api", treatment=TREATMENT)}, TOTALS)


def test_what_was_restarted_before_another_boot_is_forgotten(folder: Path) -> None:
    opened(folder).enter("c", treatment=replace(TREATMENT, restarted_at=1e9 + 1))
    assert opened(folder, boot="another").states == {}


@pytest.mark.parametrize("left", ["", "{", "[]", "{}", '{"boot": "this one", "totals": {"more": 1}, "states": {}}',
                                  '{"boot": "this one", "totals": {}, "states": {"c": {}}}', "\x00" * 99])  # fmt: skip
def test_what_cannot_be_used_is_told_and_done_without(
    folder: Path, left: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "healer.json").write_text(left)
    store = opened(folder)
    assert (store.states, store.totals) == ({}, Totals())
    assert json.loads(capsys.readouterr().out)["reason"].startswith("what an earlier run has left cannot be used: ")


def test_a_volume_that_is_not_writable_is_told_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    store = opened(tmp_path / "missing")
    for number in range(3):
        store.enter("c", service="api", memory=replace(MEMORY, restarts=number))
        store.publish()
    assert store.state("c").memory.restarts == 2
    assert capsys.readouterr().out.count('"cannot write to its volume: No such file or directory"') == 1


def test_a_file_is_there_whole_or_as_it_was(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    before = (folder / "healer.json").read_text()
    store = opened(folder)
    monkeypatch.setattr(Path, "replace", full)
    store.enter("c", service="redis")
    assert (folder / "healer.json").read_text() == before


def test_who_is_gone_takes_its_state_along_and_not_its_counts(folder: Path) -> None:
    store = opened(folder)
    store.forget("c")
    assert opened(folder).states == {}
    assert opened(folder).totals.unhealthy_seconds == {"api": 12.5, "redis": 0.0}


def test_what_is_published_counts_a_spell_while_it_lasts(folder: Path) -> None:
    opened(folder).publish()
    assert written(folder) == (
        'healer_restarts_total{service="api",reason="unhealthy"} 1\n'
        'healer_restarts_total{service="api",reason="patience"} 0\n'
        'healer_restarts_total{service="redis",reason="unhealthy"} 0\n'
        'healer_restarts_total{service="redis",reason="patience"} 0\n'
        'healer_unhealthy_seconds_total{service="api"} 12.5\n'
        'healer_unhealthy_seconds_total{service="redis"} 0.0\n'
        'healer_waiting{service="api"} 0\n'
        'healer_waiting{service="redis"} 0\n'
        + "".join(
            f'healer_held_back{{service="{service}",reason="{reason}"}} 0\n'
            for service in ("api", "redis")
            for reason in ("back-off", "budget", "dependency", "others", "recovering", "starved")
        )
        + "healer_budget_restarts 20.0\n"
    )


def test_what_is_waited_for_shows_until_it_is_over(folder: Path) -> None:
    store = opened(folder)
    for waiting, kind, shown in (("back-off of 2 s", "back-off", 1), ("", "", 0)):
        store.enter("c", waiting=waiting, held_back=kind)
        store.publish()
        assert f'healer_waiting{{service="api"}} {shown}\n' in written(folder)
        assert f'healer_held_back{{service="api",reason="back-off"}} {shown}\n' in written(folder)


def test_a_budget_outlives_the_healer_and_not_the_boot(folder: Path) -> None:
    store = opened(folder)
    store.budget = store.budget.take(100, Settings())
    store.enter("c", service="api", sick_from=95.0)
    assert opened(folder).budget == Budget(spent=1, at=100)
    assert opened(folder, boot="another").budget == Budget()


def test_what_a_healer_without_a_budget_has_left_is_read(folder: Path) -> None:
    kept = json.loads((folder / "healer.json").read_text())
    del kept["budget"]
    (folder / "healer.json").write_text(json.dumps(kept))
    assert (opened(folder).totals, opened(folder).budget) == (TOTALS, Budget())


def test_restarts_left_are_rounded_down(folder: Path) -> None:
    store = opened(folder, now=101)
    store.budget = Budget(spent=20, at=100)
    store.publish()
    assert "healer_budget_restarts 0.0\n" in written(folder)


def test_a_label_cannot_break_out_of_its_line() -> None:
    text = exposition([], Totals().with_services({'a"}\n\\'}), now=0, restarts_left=20)
    assert 'healer_waiting{service="a\\"}\\n\\\\"} 0\n' in text


def test_every_series_says_what_it_is() -> None:
    lines = exposition([], replace(TOTALS, last_event_at=1.0, last_look_at=2.0), now=0, restarts_left=20).splitlines()
    named = {line.split("{")[0].split()[0] for line in lines if not line.startswith("#")}
    for kind in ("HELP", "TYPE"):
        assert {line.split()[2] for line in lines if line.startswith(f"# {kind} ")} == named


@pytest.mark.parametrize("change", [Totals.with_restart, Totals.with_spell])
def test_totals_are_never_changed_in_place(change: Callable[..., Totals]) -> None:
    kept = Totals()
    change(kept, "api", 1)
    assert kept == Totals()
