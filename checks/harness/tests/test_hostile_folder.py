"""Nothing that lies in a stranger's folder is imported, collected or run on this machine, however it is named."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from stack import ROOT

MARK = "import os, pathlib; pathlib.Path(os.environ['HOSTILE_MARKS'], {name!r}).touch()\n"
SHELL = '#!/bin/sh\ntouch "$HOSTILE_MARKS/{name}"\n'
PYTHON_FILES = (
    "conftest.py", "test_evil.py", "sitecustomize.py", "usercustomize.py", "noxfile.py", "tasks.py", "setup.py",
    "evil.py", "pytest.py", "docker.py", "__init__.py", "__main__.py", "checks/__init__.py", "stack/__init__.py",
    "tests/conftest.py", "tests/test_evil.py", "observe.py", "agents/__init__.py",
)  # fmt: skip
SHELL_FILES = (
    ".envrc", ".git/hooks/post-checkout", ".git/hooks/pre-commit", ".git/hooks/fsmonitor-watchman",
    "docker", "git", "docker-compose", "bin/docker", "docker-credential-evil", "entrypoint.sh",
)  # fmt: skip
TEXTS = {
    "pytest.ini": "[pytest]\naddopts = -p evil\npythonpath = .\n",
    ".pytest.ini": "[pytest]\naddopts = -p evil\n",
    "tox.ini": "[pytest]\naddopts = -p evil\n",
    "setup.cfg": "[tool:pytest]\naddopts = -p evil\n",
    "pyproject.toml": '[tool.pytest.ini_options]\naddopts = "-p evil"\npythonpath = ["."]\n',
    "invoke.yaml": "tasks: {collection_name: evil}\n",
    "Makefile": 'all:\n\ttouch "$$HOSTILE_MARKS/Makefile"\n',
    ".env": "PYTHONSTARTUP=evil.py\nPYTHONPATH=.\nPYTEST_ADDOPTS=-p evil\nBASH_ENV=.envrc\nLD_PRELOAD=./evil.so\n",
    ".git/config": '[core]\n\trepositoryformatversion = 0\n\tfsmonitor = "touch $HOSTILE_MARKS/fsmonitor"\n',
    ".git/HEAD": "ref: refs/heads/main\n",
    ".docker/config.json": '{"credsStore": "evil"}\n',
    "evil.pth": MARK.format(name="evil.pth"),
    "Dockerfile": 'FROM scratch\nRUN touch "$HOSTILE_MARKS/Dockerfile"\n',
    "compose.yaml": "services:\n  web: {image: 'shop:1', build: ., ports: ['80:80'], env_file: .env}\n",
    "compliance.toml": 'prepare = ["sh", "-c", "touch $HOSTILE_MARKS/prepare"]\n',
}
OUTSIDE = {name: text for name, text in os.environ.items() if not name.startswith(("PYTEST", "COVERAGE"))}


@pytest.fixture
def hostile(tmp_path: Path) -> Path:
    """A folder in which whatever is run leaves a mark."""
    folder = tmp_path / "hostile"
    texts = {name: MARK.format(name=name.replace("/", "-")) for name in PYTHON_FILES}
    texts |= {name: SHELL.format(name=name.replace("/", "-")) for name in SHELL_FILES}
    for name, text in (texts | TEXTS).items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
        (folder / name).chmod(0o755)
    (tmp_path / "marks").mkdir()
    return folder


def run(hostile: Path, *command: str) -> tuple[int, str]:
    """(exit code, what it said) of a command of this project, told where marks go."""
    environment = {**OUTSIDE, "HOSTILE_MARKS": str(hostile.parent / "marks")}
    done = subprocess.run(
        [sys.executable, "-m", *command], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    return done.returncode, done.stdout + done.stderr


def marks(hostile: Path) -> list[str]:
    """What was run."""
    return sorted(path.name for path in (hostile.parent / "marks").iterdir())


def test_a_mark_is_left_where_something_is_run(hostile: Path) -> None:
    run(hostile, "runpy", str(hostile / "evil.py"))
    subprocess.run([hostile / ".envrc"], env={"HOSTILE_MARKS": str(hostile.parent / "marks")}, check=True)
    assert marks(hostile) == [".envrc"] or marks(hostile) == [".envrc", "evil.py"]


@pytest.mark.parametrize("named", [("--stack", "{}"), ("--stack={}",)])
def test_the_declared_tier_runs_nothing_of_a_folder(hostile: Path, named: tuple[str, ...]) -> None:
    words = [word.format(hostile) for word in named]
    evidence = hostile.parent / "evidence"
    _, said = run(hostile, "nox", "-s", "compliance", "--", *words, "--tier", "declared", f"--evidence={evidence}")
    assert "verdict: " in said, said
    assert (evidence / "latest" / "outcomes.jsonl").stat().st_size > 0
    assert marks(hostile) == []


def test_a_whole_run_is_refused_before_it_starts(hostile: Path) -> None:
    options = ("-m", "check", f"--evidence={hostile.parent / 'evidence'}", f"--stack={hostile}")
    code, said = run(hostile, "pytest", "checks/requirements", "--ignore-glob=*/tests", *options)
    assert code == 10, said
    assert "compliance.toml prepare: sh -c 'touch $HOSTILE_MARKS/prepare' (prepare)" in said
    assert not (hostile.parent / "evidence").exists()
    assert marks(hostile) == []


def test_what_is_told_of_a_folder_runs_nothing_of_it(hostile: Path) -> None:
    code, said = run(hostile, "invoke", "describe", "--stack", str(hostile))
    assert code == 0, said
    assert marks(hostile) == []
