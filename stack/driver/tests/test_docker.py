"""What the docker command prints is read to its end, and no further than there is room for."""

import os
import time
from pathlib import Path

import pytest

from stack.driver import docker
from stack.driver.errors import EngineError, StackError

SWIFT_SECONDS = 10.0


@pytest.fixture
def says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A docker command to be written."""
    command = tmp_path / "docker"
    command.touch(mode=0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    monkeypatch.setattr(docker, "MOST_BYTES", 1_000_000)
    return command


@pytest.mark.parametrize("stream", ["", ">&2"])
def test_an_answer_without_end_is_not_read_on(says: Path, stream: str) -> None:
    says.write_text(f"#!/bin/sh\nexec yes {stream}\n")
    begun = time.monotonic()
    with pytest.raises(StackError, match="printed over"):
        docker.ask("exec", "one", "yes")
    assert time.monotonic() - begun < SWIFT_SECONDS


def test_both_streams_are_read_whole(says: Path) -> None:
    """More than a pipe holds, in each of them."""
    says.write_text("#!/bin/sh\nhead -c 300000 /dev/zero >&2; head -c 300000 /dev/zero\n")
    assert docker.ask_all("exec", "one") == "\0" * 600_000


def test_what_is_no_text_is_shown_as_such(says: Path) -> None:
    says.write_text("#!/bin/sh\nprintf 'a\\377b\\r\\nc'\n")
    assert docker.ask("exec", "one") == "a\ufffdb\nc"


def test_an_exit_code_is_told(says: Path) -> None:
    says.write_text("#!/bin/sh\necho said; echo beside >&2; exit 3\n")
    assert docker.run_inside("one", "sh") == (3, "said\nbeside\n")


def test_without_a_docker_command_it_is_said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(EngineError, match="no docker command"):
        docker.ask("ps")
