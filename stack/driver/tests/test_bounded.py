"""What a stranger's files unfold to ends at a bound, and is told in a sentence."""

from pathlib import Path

import pytest

from stack.driver import bounded
from stack.driver.errors import EngineError, StackError, SubjectError


def docker_that(folder: Path, does: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Put a `docker` first on the PATH that does this."""
    (folder / "docker").write_text(f"#!/bin/sh\n{does}\n")
    (folder / "docker").chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")


def test_an_answer_within_bounds_is_given(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    docker_that(tmp_path, 'echo "$@ $COMPOSE_EXPERIMENTAL_GIT_REMOTE"; echo beside >&2', monkeypatch)
    assert bounded.ask("compose", "config") == "compose config false\n"


@pytest.mark.parametrize(
    ("does", "told"),
    [
        ("while :; do :; done", "to resolve it takes over"),
        ("sleep 60", "to resolve it takes over"),
        ("head -c 2000000 /dev/zero", "to resolve it takes over"),
        ("exit 255", "to resolve it takes over"),
        ("echo 'fatal error: runtime: out of memory' >&2; exit 2", "to resolve it takes over"),
        ("echo 'services must be a mapping' >&2; exit 15", "Docker could not answer `docker compose`"),
    ],
)
def test_what_goes_beyond_a_bound_is_ended(
    does: str, told: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bounded, "SECONDS", 5.0)
    monkeypatch.setattr(bounded, "WITHIN", ("prlimit", "--cpu=1", "--fsize=1000000", "--core=0"))
    docker_that(tmp_path, does, monkeypatch)
    with pytest.raises(StackError, match=told):
        bounded.ask("compose", "config")


def test_a_file_too_large_is_not_even_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    docker_that(tmp_path, "exit 0", monkeypatch)
    with (tmp_path / "compose.yaml").open("wb") as file:
        file.truncate(bounded.FILE_BYTES + 1)
    with pytest.raises(SubjectError, match="a Compose file has at most 4"):
        bounded.ask("compose", "config", files=(tmp_path / "compose.yaml",))


def test_a_docker_that_is_not_there_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "prlimit").symlink_to("/usr/bin/prlimit")
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(EngineError, match="there is no docker command"):
        bounded.ask("compose", "config")
