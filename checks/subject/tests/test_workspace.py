"""A fresh copy is whole, and shares nothing with the one it is a copy of."""

import os
import socket
from contextlib import closing, nullcontext
from pathlib import Path
from typing import Any

import pytest

from checks.core.evidence import Folder
from checks.subject import workspace
from checks.subject.profile import Subject
from checks.subject.shared_data import refuse_shared_data
from checks.subject.trust import EVERYTHING, UntrustedError
from stack.driver import wait
from stack.driver.errors import SubjectError
from stack.driver.progress import Progress


@pytest.fixture
def subject(tmp_path: Path) -> Subject:
    (tmp_path / "subject").mkdir()
    (tmp_path / "subject" / "compose.yaml").write_text("services: {}\n")
    return Subject(compose_file=tmp_path / "subject" / "compose.yaml")


def test_a_copy_leaves_out_what_it_is_told_to(subject: Subject, tmp_path: Path) -> None:
    for name in (".git/config", "data/old", "conf/redis.conf", "conf/__pycache__/x.pyc"):
        (subject.directory / name).parent.mkdir(parents=True, exist_ok=True)
        (subject.directory / name).write_text("")
    Folder.begin(subject.directory / "evidence").end()  # of an earlier run
    chosen = Subject(compose_file=subject.compose_file, leave_out=("data",))
    workspace._copy(chosen, tmp_path / "copy")
    files = {str(path.relative_to(tmp_path / "copy")) for path in (tmp_path / "copy").rglob("*") if path.is_file()}
    assert files == {"compose.yaml", "conf/redis.conf"}


def test_what_cannot_be_copied_is_told(subject: Subject, tmp_path: Path) -> None:
    (tmp_path / "copy").write_text("in the way")
    with pytest.raises(SubjectError, match="could not be copied"):
        workspace._copy(subject, tmp_path / "copy")


def test_pipes_and_sockets_are_not_copied(subject: Subject, tmp_path: Path) -> None:
    os.mkfifo(subject.directory / "pipe")
    with closing(socket.socket(socket.AF_UNIX)) as listener:
        listener.bind(str(subject.directory / "s"))
        (subject.directory / "dangling").symlink_to("nowhere")
        workspace._copy(subject, tmp_path / "copy")
    assert {path.name for path in (tmp_path / "copy").iterdir()} == {"compose.yaml", "dangling"}


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_a_copy_belongs_to_whom_the_original_does(subject: Subject, tmp_path: Path) -> None:
    (subject.directory / "data").mkdir(mode=0o700)
    (subject.directory / "data" / "dump.rdb").write_text("")
    for path in (subject.directory / "data", subject.directory / "data" / "dump.rdb"):
        os.chown(path, 999, 998)
    workspace._copy(subject, tmp_path / "copy")
    for path in (tmp_path / "copy" / "data", tmp_path / "copy" / "data" / "dump.rdb"):
        assert (path.stat().st_uid, path.stat().st_gid) == (999, 998)
    assert (tmp_path / "copy" / "data").stat().st_mode & 0o777 == 0o700


def test_a_copy_is_prepared_in_its_own_folder(subject: Subject, tmp_path: Path) -> None:
    chosen = Subject(
        compose_file=subject.compose_file,
        prepare=("sh", "-c", "pwd > here; command -v python >> here"),
        trust=EVERYTHING,
    )
    with Progress() as progress:
        workspace._prepare(chosen, tmp_path, progress)
    folder, python = (tmp_path / "here").read_text().splitlines()
    assert Path(folder) == tmp_path.resolve()
    assert os.access(python, os.X_OK)


@pytest.mark.parametrize(
    ("command", "told"),
    [
        (("sh", "-c", "echo first; echo 'no room' >&2; exit 3"), "`prepare` ended with 3\n  no room"),
        (("no-such-program-anywhere",), "`prepare` cannot be run"),
    ],
)
def test_a_preparation_that_fails_is_told(subject: Subject, command: tuple[str, ...], told: str) -> None:
    chosen = Subject(compose_file=subject.compose_file, prepare=command, trust=EVERYTHING)
    with pytest.raises(SubjectError, match=told), Progress() as progress:
        workspace._prepare(chosen, subject.directory, progress)


def test_a_preparation_without_end_is_ended(subject: Subject, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With what it has started, which nobody waits for."""
    monkeypatch.setattr(workspace, "PREPARE_SECONDS", 0.3)
    forever = ("sh", "-c", "sleep 600 & echo $! > child; wait")
    chosen = Subject(compose_file=subject.compose_file, prepare=forever, trust=EVERYTHING)
    with pytest.raises(SubjectError, match=r"did not end within 0\.3 s"), Progress() as progress:
        workspace._prepare(chosen, tmp_path, progress)
    child = Path("/proc", (tmp_path / "child").read_text().strip(), "cmdline")
    assert wait.until(lambda: child.exists() and child.read_bytes(), lambda seen: not seen, within=5).reached


def test_a_preparation_does_not_steer_the_terminal(subject: Subject, capfd: pytest.CaptureFixture[str]) -> None:
    speaks = ("printf", r"\033[2Jverdict: proven")
    chosen = Subject(compose_file=subject.compose_file, prepare=speaks, trust=EVERYTHING)
    with Progress() as progress:
        workspace._prepare(chosen, subject.directory, progress)
    out, beside = capfd.readouterr()
    assert "\033[2J" not in out + beside


def test_a_preparation_that_nobody_allowed_is_shown_not_run(subject: Subject, tmp_path: Path) -> None:
    chosen = Subject(compose_file=subject.compose_file, prepare=("touch", str(tmp_path / "ran")))
    with pytest.raises(UntrustedError, match=r"prepare: touch .*/ran \(prepare\)"), Progress() as progress:
        workspace._prepare(chosen, subject.directory, progress)
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize(
    ("mount", "refused"),
    [
        ({"type": "bind", "source": "/srv/original/data"}, True),
        ({"type": "bind", "source": "/srv/copy/../original/data"}, True),
        ({"type": "bind", "source": "/srv/original/conf", "read_only": True}, False),
        ({"type": "bind", "source": "/srv/copy/data"}, False),
        ({"type": "volume", "source": "data"}, False),
    ],
)
def test_a_copy_never_writes_to_the_originals_data(mount: dict[str, object], refused: bool) -> None:
    config = {"services": {"redis": {"volumes": [mount]}}}
    with pytest.raises(SubjectError, match="/srv/") if refused else nullcontext():
        refuse_shared_data(config, Path("/srv/copy"))


def test_a_link_that_leads_out_is_no_data_of_a_copy(tmp_path: Path) -> None:
    (tmp_path / "copy").mkdir()
    (tmp_path / "copy" / "data").symlink_to(tmp_path)
    config = {"services": {"redis": {"volumes": [{"type": "bind", "source": str(tmp_path / "copy" / "data")}]}}}
    with pytest.raises(SubjectError, match="would write to as well"):
        refuse_shared_data(config, tmp_path / "copy")


def test_a_volume_that_is_a_folder_of_the_machine_is_refused(tmp_path: Path) -> None:
    bound = {"driver_opts": {"type": "none", "o": "bind", "device": "/srv/original"}}
    with pytest.raises(SubjectError, match="volume `data` is /srv/original"):
        refuse_shared_data({"services": {}, "volumes": {"data": bound}}, tmp_path)
    not_memory = {"driver_opts": {"type": "tmpfs", "o": "bind", "device": "/srv/original"}}
    with pytest.raises(SubjectError, match="volume `data` is /srv/original"):
        refuse_shared_data({"services": {}, "volumes": {"data": not_memory}}, tmp_path)
    memory = {"driver_opts": {"type": "tmpfs", "device": "tmpfs"}}
    refuse_shared_data({"services": {}, "volumes": {"data": memory, "plain": None}}, tmp_path)


@pytest.mark.parametrize("name", ["--dry-run", "-f", "a\u202eb", "a b", ""])
def test_a_service_named_like_an_option_is_refused(name: str) -> None:
    with pytest.raises(SubjectError, match="is to begin with a letter or a digit"):
        workspace.refuse_odd_names({"services": {name: {}}})


def test_more_services_than_can_be_judged_are_refused() -> None:
    workspace.refuse_odd_names({"services": {f"s{number}": {} for number in range(workspace.MOST_SERVICES)}})
    with pytest.raises(SubjectError, match="10000 services are too many"):
        workspace.refuse_odd_names({"services": {f"s{number}": {} for number in range(10_000)}})


@pytest.mark.parametrize(
    ("spec", "told"),
    [
        ({"scale": 5000}, "5000 containers"),
        ({"deploy": {"replicas": 5000}}, "5000 containers"),
        ({"ports": [{"target": port} for port in range(50_000)]}, "50000 published ports"),
    ],
)
def test_more_of_one_service_than_can_be_judged_is_refused(spec: dict[str, Any], told: str) -> None:
    with pytest.raises(SubjectError, match=f"{told} are too many"):
        workspace.refuse_odd_names({"services": {"a": spec}})
