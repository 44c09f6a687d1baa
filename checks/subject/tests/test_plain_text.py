"""What a stranger's project names is read where it is a plain file of a usual length, and never waited for."""

import os
from pathlib import Path

import pytest

from checks.subject.mounted import text_at
from checks.subject.plain_text import MOST_BYTES, plain_text
from checks.subject.profile import Subject
from checks.subject.stack import Files
from checks.subject.tests.resolved import ResolvedProject
from stack.driver.errors import SubjectError


def made(kind: str, path: Path) -> Path:
    match kind:
        case "fifo":
            os.mkfifo(path)
        case "endless":
            path.symlink_to("/dev/zero")
        case "folder":
            path.mkdir()
        case "long":
            with path.open("wb") as file:
                file.truncate(MOST_BYTES + 1)  # of holes: it takes no room on the disk
    return path


@pytest.mark.parametrize("kind", ["fifo", "endless", "folder", "long", "missing"])
def test_what_is_no_plain_file_is_told_at_once(kind: str, tmp_path: Path) -> None:
    file = made(kind, tmp_path / "prometheus.yml")
    with pytest.raises(OSError, match=r"no plain file|longer than|No such file"):
        plain_text(file)
    mount = {"type": "bind", "source": str(file), "target": "/etc/prometheus/prometheus.yml"}
    spec = {"image": "prom/prometheus", "volumes": [mount]}
    project = ResolvedProject(tmp_path, "declared", {"services": {"prometheus": spec}})
    files = Files(subject=Subject(compose_file=tmp_path / "compose.yaml"), project=project)
    with pytest.raises(SubjectError, match="which `prometheus` reads, cannot be read: "):
        text_at(files, "prometheus", "/etc/prometheus/prometheus.yml")


def test_ends_of_lines_and_strange_bytes_are_as_ever(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_bytes(b"a\r\nb\xff\n")
    assert plain_text(file) == file.read_text(errors="replace") == "a\nb\ufffd\n"
