"""What the pre-commit hook runs, as it stands: from any folder of a repository, a linked worktree too."""

import os
import shlex
import subprocess
from pathlib import Path

import pytest
import yaml

from stack import ROOT

(HOOK,) = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())
GIT = ("git", "-c", "user.name=x", "-c", "user.email=x@y")
TELLS = '#!/bin/sh\nprintf "%s\\n" "$@"\n'  # in the place of what pip installs there


@pytest.fixture
def linked(tmp_path: Path) -> Path:
    """A worktree, whose `.git` is a file, and the command on the path."""
    (tmp_path / "compose-compliance").write_text(TELLS)
    (tmp_path / "compose-compliance").chmod(0o755)
    (tmp_path / "project").mkdir()
    for words in (["init", "-q"], ["commit", "-q", "--allow-empty", "-m", "x"], ["worktree", "add", "-q", "../linked"]):
        subprocess.run([*GIT, *words], cwd=tmp_path / "project", check=True)
    return tmp_path / "linked"


@pytest.mark.parametrize(("args", "judged"), [([], "."), (["deploy"], "deploy")])
def test_it_judges_the_folder_it_is_told(linked: Path, args: list[str], judged: str) -> None:
    told = os.environ | {"PATH": f"{linked.parent}{os.pathsep}{os.environ['PATH']}"}
    done = subprocess.run(
        [*shlex.split(HOOK["entry"]), *args], cwd=linked, env=told, capture_output=True, text=True, check=True
    )
    *words, evidence, folder = done.stdout.splitlines()
    assert (words, folder) == (["check", "--tier", "declared", "--evidence"], judged)
    assert (linked / evidence).parent.is_dir()
