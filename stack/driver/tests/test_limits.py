"""What a copy's services may take of the machine where nothing is said of it, as Compose itself merges it."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from stack.driver.limits import LEAST_FILE_BYTES, MEMORY_BYTES, TASKS, file_bytes
from stack.driver.project import ComposeProject

GIB = 2**30


def detached(spec: dict[str, Any], folder: Path) -> dict[str, Any]:
    """The service as it runs in a copy."""
    (folder / "compose.yaml").write_text(json.dumps({"services": {"a": {"image": "x", **spec}}}))
    project = ComposeProject(folder, "compose.yaml", "p")
    project.detach()
    return dict(project.config["services"]["a"])


def limits(spec: dict[str, Any], folder: Path) -> tuple[int, int]:
    """(memory, tasks) that a service has in a copy."""
    found = detached(spec, folder)
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
        {"mem_limit": "900t", "pids_limit": 4_000_000},
        {"deploy": {"resources": {"limits": {"memory": "900t", "pids": 4_000_000}}}},
        {"mem_limit": "900t", "deploy": {"resources": {"limits": {"memory": "900t"}}}},
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


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"ulimits": {"nofile": {"soft": 9, "hard": 9}}},
        {"ulimits": {"fsize": -1}},
        {"ulimits": {"fsize": {"soft": 9, "hard": -1}}},
        {"ulimits": {"fsize": 1 << 60}},
    ],
)
def test_no_file_grows_to_fill_the_disk(given: dict[str, Any], tmp_path: Path) -> None:
    found = detached(given, tmp_path)["ulimits"]
    assert LEAST_FILE_BYTES <= found["fsize"] <= max(LEAST_FILE_BYTES, shutil.disk_usage("/").total // 2)
    assert found.get("nofile") == given.get("ulimits", {}).get("nofile")


def test_a_bound_on_files_of_the_projects_own_stays(tmp_path: Path) -> None:
    assert detached({"ulimits": {"fsize": 9}}, tmp_path)["ulimits"]["fsize"] == 9
    assert file_bytes() != 9


@pytest.mark.parametrize(
    "logging",
    [
        {},
        {"driver": "local"},
        {"driver": "json-file", "options": {"max-file": "3"}},
        {"driver": "json-file", "options": {"max-size": "100g"}},
        {"driver": "json-file", "options": {"max-size": "10m", "max-file": "1000"}},
        {"driver": "json-file", "options": {"max-size": "-1"}},
        {"driver": "json-file", "options": {"tag": "kept"}},
    ],
)
def test_what_a_service_says_is_bounded(logging: dict[str, Any], tmp_path: Path) -> None:
    found = detached({"logging": logging} if logging else {}, tmp_path)["logging"]
    assert found["driver"] == logging.get("driver", "json-file")
    assert found["options"] == {**logging.get("options", {}), "max-size": "33554432", "max-file": "2"}


@pytest.mark.parametrize(
    "logging",
    [
        {"driver": "json-file", "options": {"max-size": "10m", "max-file": "3"}},
        {"driver": "local", "options": {"max-size": "64MB"}},
        {"driver": "none"},
        {"driver": "journald"},
    ],
)
def test_a_log_that_is_bounded_or_elsewhere_stays(logging: dict[str, Any], tmp_path: Path) -> None:
    assert detached({"logging": logging}, tmp_path)["logging"] == logging
