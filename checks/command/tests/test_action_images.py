"""The steps of the action that load and save images, run as they stand, on a `docker` that only tells of its calls."""

import os
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from stack import ROOT

STEPS: dict[str, dict[str, Any]] = {
    step["name"]: step
    for step in yaml.safe_load((ROOT / ".github/actions/compliance/action.yml").read_text())["runs"]["steps"]
}
DOCKER = """#!/bin/sh
echo "$*" >>"$CALLS"
case "$*" in
    *"config --images") printf 'redis:8\\nmine:1\\nredis:8\\n' ;;
    "image inspect mine:1" | *torn.tar) exit 1 ;;
esac
"""


@pytest.fixture
def docker(tmp_path: Path) -> Path:
    (tmp_path / "docker").write_text(DOCKER)
    (tmp_path / "docker").chmod(0o755)
    return tmp_path


def calls(name: str, folder: Path, images: str, project: str = ".") -> list[str]:
    """What a step calls `docker` with."""
    told = {"PATH": f"{folder}{os.pathsep}{os.environ['PATH']}", "CALLS": str(folder / "calls")}
    words = ["bash", "--noprofile", "--norc", "-e", "-o", "pipefail", "-c", STEPS[name]["run"]]
    subprocess.run(words, cwd=folder, env={**told, "IMAGES": images, "PROJECT": project}, check=True)
    return (folder / "calls").read_text().splitlines() if (folder / "calls").exists() else []


def test_what_a_cache_brought_is_loaded_and_kept(docker: Path) -> None:
    (docker / "images.tar").touch()
    assert calls("Load images", docker, "images.tar") == ["load --quiet --input images.tar"]
    (docker / "calls").unlink()
    assert calls("Save images", docker, "images.tar") == []


def test_a_torn_file_is_made_anew(docker: Path) -> None:
    (docker / "torn.tar").touch()
    calls("Load images", docker, "torn.tar")
    assert not (docker / "torn.tar").exists()


@pytest.mark.parametrize("name", ["Load images", "Save images"])
def test_without_a_file_nothing_is_asked_of_docker(name: str, docker: Path) -> None:
    assert calls(name, docker, "") == []


@pytest.mark.parametrize(("project", "where"), [(".", "--project-directory ."), ("docker", "--file docker")])
def test_what_is_here_is_saved_once(project: str, where: str, docker: Path) -> None:
    said = calls("Save images", docker, "images.tar", project)
    assert said[0] == f"compose {where} config --images"
    assert said[-1] == "save --output images.tar redis:8"


def test_images_are_saved_whatever_the_verdict() -> None:
    assert STEPS["Save images"]["if"] == "${{ !cancelled() }}"
