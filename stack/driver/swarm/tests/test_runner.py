"""A stack of a run is labelled throughout, and of what Swarm keeps of tasks only the newest is looked at."""

from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest

from stack.driver import docker
from stack.driver.project import ComposeProject
from stack.driver.runners.compose import ComposeRunner
from stack.driver.swarm.runner import PROJECT, SERVICE, TASK, SwarmRunner, watched
from stack.driver.swarm.stack_file import StackFile

FILE = StackFile(
    stack={
        "services": {"api": {"image": "shop:1", "labels": {"own": "1"}, "deploy": {"replicas": 1}}},
        "networks": {"inner": {"driver": "overlay", "internal": True}},
        "secrets": {"password": {"name": "shop_password-1", "file": "/x"}},
    },
    labels=(),
    notes=(),
)


@pytest.fixture
def project(tmp_path: Path) -> ComposeProject:
    return ComposeProject(tmp_path, "compose.yaml", "checks-1", {"run": "checks"})


def test_all_of_a_stack_carries_the_labels_of_its_run(project: ComposeProject) -> None:
    found = watched(FILE, project).stack
    mine = {"run": "checks", PROJECT: "checks-1"}
    assert found["services"]["api"]["labels"] == {"own": "1", **mine, SERVICE: "api"}
    assert found["services"]["api"]["deploy"] == {"replicas": 1, "labels": mine}
    assert found["networks"]["inner"] == {"driver": "overlay", "internal": True, "labels": mine, "attachable": True}
    assert found["secrets"]["password"]["labels"] == mine
    assert "labels" not in FILE.stack["secrets"]["password"]


def container(name: str, created: int) -> SimpleNamespace:
    return SimpleNamespace(id=f"{name}@{created}", created=created, config=SimpleNamespace(labels={TASK: name}))


def test_a_task_that_ended_is_not_taken_for_its_service(
    project: ComposeProject, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = [container("checks-1_api.1.new", 9), container("checks-1_api.1.old", 1), container("checks-1_api.2.a", 3)]
    given = cast("Sequence[docker.Container]", seen)
    monkeypatch.setattr(ComposeRunner, "_list", lambda *_: given)
    runner = SwarmRunner(project, lambda _: FILE)
    assert [one.id for one in runner.replicas("api")] == ["checks-1_api.1.new@9", "checks-1_api.2.a@3"]
    assert runner.container("api").id == "checks-1_api.1.new@9"
