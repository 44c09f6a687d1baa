"""What a run leaves is told from what belongs to one that is at work."""

import fcntl
import json
import os
import signal
import socket
import tempfile
from contextlib import ExitStack
from pathlib import Path

import pytest

from stack.driver import docker, labels, reaper, session
from stack.driver.labels import DEADLINE_LABEL, RUN_LABEL
from stack.driver.reaper import _Thing
from stack.driver.swarm import membership

PAST, FUTURE = "2020-01-01T00:00:00+00:00", "2999-01-01T00:00:00+00:00"


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr(reaper, "_things", list)
    monkeypatch.setattr(docker, "ask", lambda *_: "")
    monkeypatch.setattr(session, "answers", lambda: True)
    return tmp_path


def claimed(name: str, *things: _Thing) -> bool:
    with ExitStack() as claim:
        return reaper._claimed(name, list(things), claim)


def thing(deadline: str, home: str = "elsewhere:/tmp") -> _Thing:
    return _Thing("container", "0123", "checks-abcdef", "checks-abcdef-1", deadline, home)


def test_a_run_leaves_no_folder(home: Path) -> None:
    with session.begun() as run:
        (run.folder / "checks-000001").mkdir()
    assert list(home.iterdir()) == []


def test_a_run_leaves_what_is_to_be_kept(home: Path) -> None:
    with session.begun() as run:
        for project in ("good", "bad"):
            (run.folder / project).mkdir()
        run.keep("bad")
    assert {path.name for path in run.folder.iterdir()} == {"bad", "bad.kept"}
    assert reaper.sweep() == []
    assert reaper.sweep(kept=True) == [run.name]
    assert list(home.iterdir()) == []


def test_what_is_no_file_goes_as_well(home: Path) -> None:
    """An engine in a container leaves its socket in the folder of the run that began it."""
    folder = home / "checks-000001"
    folder.mkdir()
    (folder / "gone").symlink_to(home / "nowhere")
    with socket.socket(socket.AF_UNIX) as engine:
        engine.bind(str(folder / "engine.sock"))
    assert reaper.sweep() == ["checks-000001"]
    assert list(home.iterdir()) == []


def test_a_run_at_work_is_left_alone() -> None:
    with session.begun() as run:
        assert not claimed(run.name)
        assert reaper.sweep() == []


def test_a_run_is_at_work_for_as_long_as_one_of_its_processes_is(home: Path) -> None:
    (home / "checks-000001").mkdir()
    with session.joined(home / "checks-000001", FUTURE):
        assert not claimed("checks-000001")
    assert claimed("checks-000001")


def test_what_a_killed_run_left_is_swept(home: Path) -> None:
    (home / "checks-000001" / "checks-000001-a").mkdir(parents=True)
    assert reaper.sweep() == ["checks-000001"]
    assert list(home.iterdir()) == []


def test_a_lock_goes_with_its_process(home: Path) -> None:
    (home / "checks-000001").mkdir()
    if (pid := os.fork()) == 0:
        fcntl.flock(os.open(home / "checks-000001", os.O_RDONLY), fcntl.LOCK_SH)
        os.kill(os.getpid(), signal.SIGKILL)
    os.waitpid(pid, 0)
    assert claimed("checks-000001")


def test_a_run_of_another_machine_is_swept_when_its_time_is_over() -> None:
    assert claimed("checks-abcdef", thing(PAST))
    assert not claimed("checks-abcdef", thing(FUTURE))


def test_an_interrupt_waits_for_the_cleanup() -> None:
    done = False
    with pytest.raises(KeyboardInterrupt), reaper.uninterrupted():  # noqa: PT012 - the moment is the point
        os.kill(os.getpid(), signal.SIGINT)
        done = True
    assert done


def test_a_folder_is_removed_with_all_that_is_in_it(home: Path) -> None:
    (home / "deep" / "er").mkdir(parents=True)
    reaper.remove_folder(home / "deep")
    assert list(home.iterdir()) == []


def test_a_run_of_this_machine_without_a_folder_is_over() -> None:
    assert claimed("checks-abcdef", thing(FUTURE, home=labels.address()))


def test_what_only_looks_like_a_run_is_left_alone(home: Path) -> None:
    (home / "checks-mine-notes").mkdir()
    (home / "victim").mkdir()
    (home / "victim" / "thesis.txt").touch()
    (home / "checks-000002").symlink_to(home / "victim")
    assert reaper.sweep(kept=True) == []
    assert (home / "victim" / "thesis.txt").exists()
    assert (home / "checks-mine-notes").exists()


@pytest.mark.parametrize("name", ["", "/etc", "..", "checks-abc|x", "checks-000001/.."])
def test_a_label_that_names_no_run_is_no_run(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.undo()
    monkeypatch.setattr(docker, "ask", lambda *_: f"0123|{name}|stack|{PAST}|elsewhere\n")
    monkeypatch.setattr(membership, "is_active", lambda: False)
    assert reaper._things() == []


def test_of_a_swarm_services_go_first_and_the_swarm_last(monkeypatch: pytest.MonkeyPatch) -> None:
    """A container whose service is still there is replaced, and what a manager keeps goes with its swarm."""
    monkeypatch.undo()
    labels = {RUN_LABEL: "checks-abcdef", DEADLINE_LABEL: PAST}
    done: list[tuple[str, ...]] = []

    def ask(*words: str) -> str:
        kind, verb, *_ = words
        if verb == "inspect":
            mine, others = {"ID": f"{kind}-1", "Spec": {"Labels": labels}}, {"ID": "x", "Spec": {"Labels": {"a": "b"}}}
            return json.dumps([mine, others])
        if verb == "ls":
            return "1 x" if kind in reaper.OF_A_SWARM else f"{kind}-1|checks-abcdef||{PAST}|elsewhere\n"
        done.append(words)
        return ""

    monkeypatch.setattr(docker, "ask", ask)
    monkeypatch.setattr(membership, "is_active", lambda: True)
    monkeypatch.setattr(membership, "leave", lambda: done.append(("leave",)))
    found = reaper._things()
    assert [one.kind for one in found] == ["service", "container", "network", "volume", "secret", "config", "node"]
    for one in found:
        reaper._remove_thing(one)
    assert [one.kind for one in found if reaper._is_kept(one, {"checks-abcdef-1"})] == ["node"]
    assert done[0] == ("service", "rm", "service-1")
    assert done[-1] == ("leave",)
