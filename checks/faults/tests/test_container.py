"""What a container is broken by, tried on processes, sockets and files of our own."""

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from checks.faults.agents import container
from checks.faults.agents.container import FaultError, NothingThereError, Target, main
from checks.faults.host import NEEDED

V1 = "12:pids:/docker/abc\n4:freezer:/docker/abc\n0::/docker/abc\n"
V2 = "0::/system.slice/docker-abc.scope\n"


@pytest.fixture(autouse=True)
def groups(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(container, "CGROUPS", tmp_path)
    monkeypatch.setattr(container, "SECONDS", 0.2)
    return tmp_path


@pytest.fixture
def sleeper() -> Iterator["subprocess.Popen[bytes]"]:
    with subprocess.Popen(["sleep", "60"]) as process:
        yield process
        process.kill()


def target(memberships: str, pid: int = 0) -> Target:
    """A process as if it were in these cgroups."""
    found = object.__new__(Target)
    found.pid, found.proc, found.memberships = pid or os.getpid(), Path(f"/proc/{pid or os.getpid()}"), memberships
    return found


def test_each_fault_can_be_injected_and_if_it_lasts_reverted() -> None:
    assert set(NEEDED) == set(container.INJECT)
    assert set(container.INJECT) - set(container.REVERT) == {"crash-at-start", "stall"}  # which are over by themselves


def test_a_process_of_no_such_container_is_not_touched(sleeper: "subprocess.Popen[bytes]") -> None:
    told = main("inject", "stall", sleeper.pid, "no-such-container", "0.1")
    assert told["error"] == "its main process is not in a cgroup that is named for the container"
    assert not told["nothing there"]


def test_a_process_that_has_gone_is_told() -> None:
    with subprocess.Popen(["true"]) as process:
        process.wait()
    assert main("inject", "freeze", process.pid, "")["error"] == "its main process has gone"


@pytest.mark.parametrize(
    ("memberships", "controller", "group"),
    [
        (V1, "freezer", "freezer/docker/abc"),
        (V1, "pids", "pids/docker/abc"),
        (V2, "pids", "system.slice/docker-abc.scope"),
    ],
)
def test_the_group_of_a_controller_is_found(groups: Path, memberships: str, controller: str, group: str) -> None:
    assert target(memberships).group(controller) == (groups / group, memberships is V2)


def frozen_group(groups: Path, *pids: int) -> None:
    """A group of the freezer with these processes in it."""
    (groups / "freezer/docker/abc").mkdir(parents=True)
    (groups / "freezer/docker/abc/cgroup.procs").write_text("".join(f"{pid}\n" for pid in pids))


def test_a_freeze_catches_nothing_that_the_engine_just_started(
    groups: Path, sleeper: "subprocess.Popen[bytes]", monkeypatch: pytest.MonkeyPatch
) -> None:
    frozen_group(groups, sleeper.pid, os.getpid())  # the main process, and one whose parent is outside
    monkeypatch.setattr(container, "CAUGHT_SECONDS", 0)
    with pytest.raises(FaultError, match="something was just being started in it"):
        container.freeze(target(V1, sleeper.pid))
    assert (groups / "freezer/docker/abc/freezer.state").read_text() == "THAWED"


def test_what_the_main_process_has_started_may_be_frozen_with_it(
    groups: Path, sleeper: "subprocess.Popen[bytes]"
) -> None:
    frozen_group(groups, os.getpid(), sleeper.pid)
    assert container.freeze(target(V1)) == {}


def test_a_freezer_of_version_1_is_read_back(groups: Path) -> None:
    frozen_group(groups, os.getpid())
    container.freeze(target(V1))
    assert (groups / "freezer/docker/abc/freezer.state").read_text() == "FROZEN"
    container.thaw(target(V1), {})
    assert (groups / "freezer/docker/abc/freezer.state").read_text() == "THAWED"


def test_a_freezer_that_has_no_effect_is_no_fault(groups: Path) -> None:
    group = groups / "system.slice/docker-abc.scope"
    group.mkdir(parents=True)
    (group / "cgroup.events").write_text("populated 1\nfrozen 0\n")
    with pytest.raises(FaultError, match="the freezer has no effect"):
        container.freeze(target(V2))
    assert (group / "cgroup.freeze").read_text() == "1"


def test_a_group_in_which_a_process_can_be_started_is_given_back(groups: Path) -> None:
    group = groups / "pids/docker/abc"
    group.mkdir(parents=True)
    (group / "pids.max").write_text("64\n")
    with pytest.raises(FaultError, match="a process could still be started in it"):
        container.use_up_pids(target(V1))  # a folder is no cgroup: nothing is limited by it
    assert (group / "pids.max").read_text() == "64"


def test_a_stall_ends_by_itself(sleeper: "subprocess.Popen[bytes]") -> None:
    assert container.stall(target(V2, sleeper.pid), "0.1") == {}
    assert container._state(sleeper.pid) not in "TtX"


def test_open_files_are_used_up_and_given_back(tmp_path: Path) -> None:
    said = f"while read l; do if true < {tmp_path}; then echo open; else echo none; fi; done 2>/dev/null"
    with subprocess.Popen(["sh", "-c", said], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        before = asked(process)
        kept = in_a_process_of_its_own("use_up_files", process.pid)
        assert (before, asked(process)) == ("open", "none")
        in_a_process_of_its_own("give_back_files", process.pid, kept)
        assert asked(process) == "open"
        process.kill()


def asked(process: "subprocess.Popen[str]") -> str:
    assert process.stdin
    assert process.stdout
    process.stdin.write("?\n")
    process.stdin.flush()
    return process.stdout.readline().strip()


def in_a_process_of_its_own(what: str, pid: int, *more: object) -> object:
    """As a helper container does it, since it becomes another user for it."""
    words = f"container.{what}(container.Target({pid}, ''){''.join(f', {one!r}' for one in more)})"
    script = f"import json; from checks.faults.agents import container; print(json.dumps({words}))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


def test_a_filter_lets_in_connections_and_nothing_sent_on_them() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        assert not container._silent(port)
        container._attach(server)
        assert container._silent(port)
        server.setsockopt(socket.SOL_SOCKET, container.DETACH_FILTER, 0)
        assert not container._silent(port)


def test_listening_ports_are_told_from_others() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = server.getsockname()
        assert container._listening_port(server) == address[1]
        with socket.create_connection(address) as client:
            assert container._listening_port(client) == 0


def test_a_container_without_the_program_is_told(sleeper: "subprocess.Popen[bytes]", tmp_path: Path) -> None:
    quiet = target(V2, sleeper.pid)
    quiet.enter = lambda *_: None  # type: ignore[method-assign]
    with pytest.raises(NothingThereError, match=f"it has no {tmp_path}/one and no {tmp_path}/two"):
        container.cover(quiet, f"{tmp_path}/one", f"{tmp_path}/two")
    with pytest.raises(NothingThereError, match="it has no health check"):
        container.cover(quiet)


def test_a_program_that_is_not_started_again_crashes_no_more(groups: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with subprocess.Popen(["sleep", "60"]) as process:
        firsts = iter([process.pid])
        monkeypatch.setattr(container, "_first_process", lambda _: next(firsts, 0))
        seen = container.crash_at_start(target(V2), "3")
        assert process.wait() == -signal.SIGKILL
    assert seen["crashes"] == 1
    assert groups.is_dir()
