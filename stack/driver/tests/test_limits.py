"""What a copy's services may take of the machine where nothing is said of it, as Compose itself merges it."""

import json
from pathlib import Path
from typing import Any

import pytest

from stack.driver.limits import MEMORY_BYTES, TASKS
from stack.driver.project import ComposeProject

GIB = 2**30


def limits(spec: dict[str, Any], folder: Path) -> tuple[int, int]:
    """(memory, tasks) that a service has in a copy."""
    (folder / "compose.yaml").write_text(json.dumps({"services": {"a": {"image": "x", **spec}}}))
    project = ComposeProject(folder, "compose.yaml", "p")
    project.detach()
    found = project.config["services"]["a"]
    deployed = found.get("deploy", {}).get("resources", {}).get("limits", {})
    memory, tasks = found.get("mem_limit") or deployed.get("memory"), found.get("pids_limit") or deployed.get("pids")
    return int(memory), int(tasks)


@pytest.mark.parametrize(
    "spec",
    [
        {},
        {"pids_limit": -1},
        {"mem_limit": 0},
        {"deploy": {"resources": {"limits": {"cpus": "1"}}}},
        {"deploy": {"resources": {"reservations": {"memory": "1m"}}}},
        {"deploy": {"replicas": 2}},
    ],
)
def test_what_has_no_bound_gets_one(spec: dict[str, Any], tmp_path: Path) -> None:
    assert limits(spec, tmp_path) == (MEMORY_BYTES, TASKS)


@pytest.mark.parametrize(
    "spec",
    [
        {"mem_limit": "1g", "pids_limit": 9},
        {"deploy": {"resources": {"limits": {"memory": "1g", "pids": 9}}}},
        {"mem_limit": "1g", "deploy": {"resources": {"limits": {"memory": "1g", "pids": 9}}}},
    ],
)
def test_a_bound_of_the_projects_own_stays(spec: dict[str, Any], tmp_path: Path) -> None:
    assert limits(spec, tmp_path) == (GIB, 9)


def test_each_bound_is_looked_at_by_itself(tmp_path: Path) -> None:
    assert limits({"mem_limit": "1g"}, tmp_path) == (GIB, TASKS)
    assert limits({"deploy": {"resources": {"limits": {"pids": 9}}}}, tmp_path) == (MEMORY_BYTES, 9)
