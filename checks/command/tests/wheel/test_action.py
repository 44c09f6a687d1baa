"""The composite action for GitHub, its steps run as they stand: the schema alone would not tell that they work."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from checks.campaigns.subjects import shapes
from checks.command.tests.wheel.commands import run
from checks.subject.tests.compose import needs_compose
from stack import ROOT

ACTION: Mapping[str, Any] = yaml.safe_load((ROOT / ".github/actions/compliance/action.yml").read_text())
INPUT = re.compile(r"\$\{\{ inputs\.(\w+) \}\}")


@needs_compose
def test_the_action_judges_a_project(wheel: Path, tmp_path: Path) -> None:
    told = {"GITHUB_OUTPUT": str(tmp_path / "output"), "GITHUB_STEP_SUMMARY": str(tmp_path / "summary.md")}
    with shapes.laid_out("earlier") as project:
        given = {"project": str(project), "tier": "declared", "package": str(wheel)}
        codes = [step(one, given, tmp_path, told) for one in ACTION["runs"]["steps"]]
    assert codes == [0, 0, 1, 0]  # installed, violated, and no images to load or to save
    evidence = Path((tmp_path / "output").read_text().strip().removeprefix("evidence="))
    assert {"report.sarif", "junit.xml", "report.html"} <= {file.name for file in evidence.iterdir()}
    assert "**violated**" in (tmp_path / "summary.md").read_text()


def step(one: Mapping[str, Any], given: Mapping[str, str], folder: Path, told: Mapping[str, str]) -> int:
    """The exit code of one, run as a runner does: `bash -e`, inputs filled in."""
    inputs = {name: given.get(name, spec["default"]) for name, spec in ACTION["inputs"].items()}
    environment = {name: INPUT.sub(lambda found: inputs[found[1]], text) for name, text in one["env"].items()}
    words = ("bash", "--noprofile", "--norc", "-e", "-o", "pipefail", "-c", one["run"])
    return run(*words, folder=folder, RUNNER_TEMP=str(folder), **environment, **told).returncode
