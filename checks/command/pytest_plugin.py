"""A pytest plugin for suites of other people: `def test_ours(compose_stack): compose_stack.require_proven("R2", "R7")`.

It adds one fixture, one option and one setting, and nothing else to a suite. The checks run in a process of their own,
so that no module of theirs is found under a name of ours. In the wheel it is `compose_compliance.pytest_plugin`.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

COMMAND = (sys.executable, "-P", "-c", "import sys; from compose_compliance import main; sys.exit(main())")
JUDGED = (0, 1, 2)  # exit codes of `check` behind which there is a report
PROVEN, NOT_TO_BE = "proven", ("not applicable", "waived")


class ComplianceError(Exception):
    """The project could not be judged: what was said of it."""


@dataclass(frozen=True, kw_only=True)
class Judged:
    """What a run said of a project: its report, as `report.json` has it, and the folder that it lies in."""

    report: Mapping[str, Any]
    evidence: Path

    @property
    def verdicts(self) -> dict[str, str]:
        """{requirement: its verdict}."""
        return {one["id"]: one["verdict"] for one in self.report["requirements"]}

    def why(self, *requirements: str) -> list[str]:
        """A line for each thing that keeps these from being proven."""
        return [line for one in self.report["requirements"] if one["id"] in requirements for line in _lines(one)]


class ComposeStack:
    """A Compose project of this suite. Each tier is judged once in a run of pytest, when it is first asked for."""

    def __init__(self, directory: Path, evidence: Path) -> None:
        self.directory = directory
        self._evidence = evidence
        self._judged: dict[tuple[str, ...], Judged] = {}

    def judged(self, *options: str, tier: str = "declared") -> Judged:
        """What `compose-compliance check` says of it; options are that command's, such as `--trust`.

        Raises ComplianceError where there is nothing to be said.
        """
        words = (f"--tier={tier}", *options)
        if words not in self._judged:
            self._judged[words] = self._run(words)
        return self._judged[words]

    def require_proven(self, *requirements: str, tier: str = "declared") -> None:
        """Fail the test for each of these that is violated or undecided, with what was seen and what to do."""
        found = self.judged(tier=tier)
        told = {name: found.verdicts.get(name, "not judged") for name in requirements or found.verdicts}
        if unproven := [name for name, verdict in told.items() if verdict != PROVEN and verdict not in NOT_TO_BE]:
            lines = [f"{name} is {told[name]}" for name in unproven] + found.why(*unproven)
            pytest.fail("\n".join([*lines, f"evidence: {found.evidence}"]), pytrace=False)

    def _run(self, words: Sequence[str]) -> Judged:
        if not self.directory.exists():
            raise ComplianceError(
                f"{self.directory} is not there: `--compose-stack` or `compose_stack` names a project"
            )
        evidence = self._evidence / str(len(self._judged))
        evidence.mkdir()
        command = [*COMMAND, "check", *words, f"--evidence={evidence}", str(self.directory)]
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_", "COV_"))}
        done = subprocess.run(command, cwd=evidence, env=kept, capture_output=True, text=True, check=False)
        report = evidence / "latest" / "report.json"
        if done.returncode not in JUDGED or not report.is_file():
            raise ComplianceError(f"exit code {done.returncode}: {done.stderr.strip() or done.stdout.strip()}")
        return Judged(report=json.loads(report.read_text("utf-8")), evidence=report.parent)


def _lines(requirement: Mapping[str, Any]) -> Iterator[str]:
    for check in requirement["checks"]:
        for one in check["violations"]:
            place = f" ({one['file']}{':' + str(one['line']) if one.get('line') else ''})" if one.get("file") else ""
            yield f"  {one['rule']}: seen {json.dumps(one['seen'])}, wanted {json.dumps(one['wanted'])}{place}"
        if check["verdict"] == "undecided":
            yield f"  undecided: {check['reason']}"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Say where the project is: the option, else the setting `compose_stack`, else the root of the suite."""
    told = "a Compose project, for the fixture `compose_stack`: its directory or file"
    parser.getgroup("compose-compliance").addoption("--compose-stack", metavar="DIR", type=Path, help=told)
    parser.addini("compose_stack", told, default="")


@pytest.fixture(scope="session")
def compose_stack(pytestconfig: pytest.Config, tmp_path_factory: pytest.TempPathFactory) -> ComposeStack:
    """The Compose project of this suite, to be judged."""
    named = pytestconfig.getoption("--compose-stack")
    directory = Path.cwd() / named if named else pytestconfig.rootpath / pytestconfig.getini("compose_stack")
    return ComposeStack(directory.resolve(), tmp_path_factory.mktemp("compliance"))
