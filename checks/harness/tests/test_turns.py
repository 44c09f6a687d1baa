"""Who wants to be alone is, and is not overtaken for ever."""

import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from checks.harness import turns
from checks.harness.turns import PATIENCE_SECONDS, Turns


@pytest.fixture
def of_this_run(tmp_path: Path) -> Turns:
    return Turns(tmp_path)


def began(do: Callable[[], None]) -> threading.Thread:
    thread = threading.Thread(target=do, daemon=True)
    thread.start()
    return thread


def test_checks_work_beside_one_another(of_this_run: Turns) -> None:
    with of_this_run.beside_others(), of_this_run.beside_others():
        pass


def test_who_is_alone_waits_for_all_and_lets_nobody_in(of_this_run: Turns) -> None:
    told: list[str] = []

    def alone() -> None:
        with of_this_run.alone():
            told.append("alone")
            time.sleep(0.1)
            told.append("no more")

    def beside() -> None:
        with of_this_run.beside_others():
            told.append("beside")

    with of_this_run.beside_others():
        first = began(alone)
        time.sleep(0.1)
        second = began(beside)  # asked for while somebody waits to be alone: after that one
        time.sleep(0.1)
        assert told == []
    first.join()
    second.join()
    assert told == ["alone", "no more", "beside"]


@pytest.mark.parametrize(("recent", "together"), [(0.2, True), (0.99, False)])
def test_starts_are_one_after_another_where_cores_are_scarce(
    of_this_run: Turns, monkeypatch: pytest.MonkeyPatch, recent: float, together: bool
) -> None:
    monkeypatch.setattr(turns, "recent_cpu", lambda: recent)
    started = threading.Event()

    def start() -> None:
        with of_this_run.start():
            started.set()

    with of_this_run.start():
        other = began(start)
        assert started.wait(0.3) is together
    other.join()
    assert started.is_set()


def test_patience_is_of_the_run_and_ends(of_this_run: Turns) -> None:
    with of_this_run.alone() as patience:
        assert patience.left == PATIENCE_SECONDS
        patience.spend(100)
    with of_this_run.alone() as patience:
        assert patience.left == PATIENCE_SECONDS - 100
        patience.spend(PATIENCE_SECONDS)
        assert patience.left == 0


def test_nothing_of_it_stays(of_this_run: Turns, tmp_path: Path) -> None:
    of_this_run.remove()
    assert list(tmp_path.iterdir()) == []
