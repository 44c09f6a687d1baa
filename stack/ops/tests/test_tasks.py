"""What a person runs: a menu, and a sentence with an exit code where it cannot be done."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from invoke.context import Context
from invoke.exceptions import Exit

import tasks
from stack import ROOT
from stack.driver import errors
from stack.driver.errors import EngineError, PortTakenError, SecretsError, StackError

NOWHERE = "unix:///nonexistent/docker.sock"


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """The project as it is cloned: nothing in it that a run has made."""
    made = shutil.ignore_patterns("backups", "data", "secrets", ".env", "__pycache__")
    shutil.copytree(ROOT / "stack", tmp_path / "clone" / "stack", ignore=made)
    shutil.copy(ROOT / "tasks.py", tmp_path / "clone")
    return tmp_path / "clone"


def run(clone: Path, *arguments: str, folder: str = ".", **environment: str) -> "subprocess.CompletedProcess[str]":
    """A command in the clone, where no engine answers, with no program to install or start one."""
    home = clone.parent / "home"
    (home / "bin").mkdir(parents=True)
    if docker := shutil.which("docker"):
        (home / "bin" / "docker").symlink_to(docker)
    told = {"PATH": str(home / "bin"), "HOME": str(home), "PYTHONPATH": str(clone), "PYTHONDONTWRITEBYTECODE": "1"}
    return subprocess.run(
        [sys.executable, "-m", *arguments], cwd=clone / folder, env=told | {"DOCKER_HOST": NOWHERE} | environment,
        capture_output=True, text=True, check=False, timeout=20,
    )  # fmt: skip


def tree(folder: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() if path.is_file() else b"" for path in folder.rglob("*")}


def test_the_list_of_tasks_reads_as_a_menu(clone: Path) -> None:
    listed = re.findall(r"^  (\w+) +(\S.*)$", run(clone, "invoke", "--list").stdout, re.MULTILINE)
    names = [
        "backup",
        "describe",
        "down",
        "engine",
        "healer",
        "images",
        "init",
        "logs",
        "remedy",
        "render",
        "restore",
        "status",
        "sweep",
        "up",
    ]
    assert [name for name, _ in listed] == names
    assert all(sentence[0].isupper() and len(sentence) < 90 for _, sentence in listed)


def test_up_without_an_engine_is_one_sentence_and_leaves_nothing(clone: Path) -> None:
    before = tree(clone)
    done = run(clone, "invoke", "up")
    assert (done.returncode, done.stdout) == (4, "")
    assert done.stderr.splitlines() == [
        f"error: no Docker engine answers at DOCKER_HOST={NOWHERE}",
        "hint: start it, or unset DOCKER_HOST",
    ]
    assert tree(clone) == before


@pytest.mark.parametrize(
    ("command", "folder", "code", "told"),
    [
        (("invoke", "up", "--sources", "mirror"), ".", 5, "error: 'mirror' is no image source"),
        (("invoke", "down", "--data"), ".", 3, "error: the stack was never brought up here"),
        (("invoke", "backup"), ".", 3, "error: the stack was never brought up here"),
        (("invoke", "restore", "some.tar"), ".", 3, "error: the stack was never brought up here"),
        (("stack.ops.prepare",), "stack", 5, "error: 'attic' is no image source"),
    ],
)
def test_what_cannot_be_done_is_told_in_a_sentence(
    clone: Path, command: tuple[str, ...], folder: str, code: int, told: str
) -> None:
    before = tree(clone)
    done = run(clone, *command, folder=folder, IMAGE_SOURCES="attic")
    assert (done.returncode, done.stdout) == (code, "")
    assert done.stderr.startswith(told)
    assert re.search("^hint: ", done.stderr, re.MULTILINE)
    assert "Traceback" not in done.stderr
    assert tree(clone) == before


@pytest.mark.parametrize(
    ("problem", "code", "told"),
    [
        (EngineError("no engine", hint="start one"), 4, "error: no engine\nhint: start one"),
        (PortTakenError("port 5000 is taken"), 6, "error: port 5000 is taken"),
        (SecretsError("damaged"), 8, "error: damaged"),
        (errors.no_room("here"), 7, "error: there is no room left on the disk: here"),
        (StackError("it broke"), 1, "error: it broke"),
        (KeyboardInterrupt(), 130, "interrupted"),
    ],
)
def test_a_problem_ends_a_task_with_its_exit_code(problem: BaseException, code: int, told: str) -> None:
    def command(_: Context) -> None:
        raise problem

    with pytest.raises(Exit) as ended:
        tasks.reports_errors(command)(Context())
    assert ended.value.code == code
    assert str(ended.value.message).startswith(told)


def test_a_mistake_of_ours_is_not_dressed_as_a_problem() -> None:
    def command(_: Context) -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        tasks.reports_errors(command)(Context())
