"""What Docker says of a container is read in our words."""

import os
import time
from pathlib import Path

import pytest

from stack.driver import docker
from stack.driver.containers import ContainerState


@pytest.mark.parametrize(
    ("status", "health", "exit_code", "well", "told"),
    [
        ("running", "healthy", 0, True, "running, healthy"),
        ("running", "", 0, True, "running"),
        ("running", "starting", 0, False, "running, starting"),
        ("running", "unhealthy", 0, False, "running, unhealthy"),
        ("exited", "healthy", 137, False, "exited (exit code 137)"),
        ("exited", "", 0, False, "exited (exit code 0)"),
        ("paused", "healthy", 0, False, "paused, healthy"),
    ],
)
def test_only_what_runs_and_is_not_unhealthy_is_well(
    status: str, health: str, exit_code: int, well: bool, told: str
) -> None:
    state = ContainerState(status=status, health=health, exit_code=exit_code, started_at=None)
    assert (state.well, str(state)) == (well, told)


def test_a_container_stays_as_it_was_seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """python-on-whales would ask again at each look, and compare what is now with what is now."""
    asked = tmp_path / "asked"
    answer = '[{"Id": "c1", "State": {"Status": "running"}}]'
    (tmp_path / "docker").write_text(f"#!/bin/sh\necho inspect >> {asked}\necho '{answer}'\n")
    (tmp_path / "docker").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    container = docker.DockerClient().container.inspect("c1")
    for _ in range(3):
        assert container.state.status == "running"
        time.sleep(0.02)
    assert asked.read_text().splitlines() == ["inspect"]
