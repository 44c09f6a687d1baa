"""What a stranger's Compose file may read of this process's environment."""

import os
from pathlib import Path

import pytest

from stack.driver import bounded
from stack.driver.environment import for_strangers, withheld
from stack.driver.project import ComposeProject

HERE = {"HOME": "/root", "LC_TIME": "C", "COMPOSE_PROFILES": "debug", "DOCKER_HOST": "unix:///s"}
NOT_THEIRS = {
    "AWS_SECRET_ACCESS_KEY": "x",
    "DOCKER_AUTH_CONFIG": "{}",
    "GITHUB_TOKEN": "x",
    "HOMER": "x",
    "COMPOSE_": "",
}


def test_a_stranger_reads_what_a_fresh_shell_has() -> None:
    assert for_strangers(HERE | NOT_THEIRS) == HERE


def test_what_is_withheld_is_told_where_it_is_asked_for() -> None:
    assert withheld(HERE | NOT_THEIRS, ["x: ${GITHUB_TOKEN:-}", "- AWS_SECRET_ACCESS_KEY", "$HOME"]) == (
        "AWS_SECRET_ACCESS_KEY", "GITHUB_TOKEN",
    )  # fmt: skip


@pytest.mark.parametrize(("of_strangers", "read"), [(True, ["", None, "default"]), (False, ["it", "it", "it"])])
def test_compose_resolves_in_that_environment(
    of_strangers: bool, read: list[str | None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("A_TOKEN", "it")
    reading = '["a=${A_TOKEN}", "A_TOKEN", "b=${A_TOKEN-default}"]'
    (tmp_path / "compose.yaml").write_text(f"services: {{ web: {{ image: x, environment: {reading} }} }}")
    project = ComposeProject(tmp_path, "compose.yaml", "p")
    project.of_strangers = of_strangers
    found = project.config["services"]["web"]["environment"]
    assert [found["a"], found.get("A_TOKEN"), found["b"]] == read
    assert project.environment["PATH"] == os.environ["PATH"]


def test_a_question_without_an_environment_has_this_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    docker = tmp_path / "docker"
    docker.write_text("#!/bin/sh\necho $A_TOKEN\n")
    docker.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    monkeypatch.setenv("A_TOKEN", "it")
    assert (bounded.ask("version"), bounded.ask("version", environment={"PATH": os.environ["PATH"]})) == ("it\n", "\n")
