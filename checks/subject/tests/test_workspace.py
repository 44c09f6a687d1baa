"""A fresh copy is whole, and shares nothing with the one it is a copy of."""

import os
from contextlib import nullcontext
from pathlib import Path

import pytest

from checks.subject import workspace
from checks.subject.profile import Subject
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
    chosen = Subject(compose_file=subject.compose_file, leave_out=("data",))
    workspace._copy(chosen, tmp_path / "copy")
    files = {str(path.relative_to(tmp_path / "copy")) for path in (tmp_path / "copy").rglob("*") if path.is_file()}
    assert files == {"compose.yaml", "conf/redis.conf"}


def test_what_cannot_be_copied_is_told(subject: Subject, tmp_path: Path) -> None:
    os.mkfifo(subject.directory / "pipe")
    with pytest.raises(SubjectError, match="could not be copied"):
        workspace._copy(subject, tmp_path / "copy")


def test_a_copy_is_prepared_in_its_own_folder(subject: Subject, tmp_path: Path) -> None:
    chosen = Subject(compose_file=subject.compose_file, prepare=("sh", "-c", "pwd > here; command -v python >> here"))
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
    with pytest.raises(SubjectError, match=told), Progress() as progress:
        workspace._prepare(Subject(compose_file=subject.compose_file, prepare=command), subject.directory, progress)


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
        workspace._refuse_shared_data(config, Path("/srv/copy"))
