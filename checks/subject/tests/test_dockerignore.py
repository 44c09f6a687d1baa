"""What an ignore file keeps out of a build: by its lines, and as BuildKit has it."""

import shutil
import subprocess
import tarfile
import tempfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import settings as effort
from hypothesis import strategies as st

from checks.subject import dockerignore

NAMES = ("a", "b.log", "node_modules")
PATHS = sorted({"/".join(parts) for parts in [(x, y, z) for x in NAMES for y in NAMES for z in ("f", "f.log", "[x]")]})
WORDS = r"""
    a /a a/ * *.log **/*.log **/node_modules node_modules a/* a/** !a/b.log !**/f.log !a #a a/b.log/f ** ? a/? */a */*/f
    a/../b.log ./a **/f* [ab] [!x] a/[ **/a/** a** !* !a/b.log/f.log b.* \* .
"""
LINES = st.sampled_from([*WORDS.split(), " a ", ""])


def ignored(*lines: str) -> set[str]:
    read = dockerignore.read("\n".join(lines))
    return {path for path in PATHS if read.ignores(path)}


@pytest.mark.parametrize(
    ("lines", "path", "out"),
    [
        (["node_modules"], "node_modules/a/f", True),
        (["node_modules"], "a/node_modules/f", False),
        (["**/node_modules"], "a/node_modules/f", True),
        (["*.log"], "a/f.log", False),
        (["a", "!a/b.log"], "a/b.log/f", False),
        (["a", "!a/b.log"], "a/a/f", True),
        (["!a/b.log", "a"], "a/b.log/f", True),
        (["# a", "", "  "], "a/a/f", False),
        (["/a/"], "a/a/f", True),
        (["\ufeffa"], "a/a/f", True),
        (["a/**", "!*", "!a/b.log"], "a/a/f", True),
    ],
)
def test_the_last_line_that_matches_decides(lines: list[str], path: str, out: bool) -> None:
    assert dockerignore.read("\n".join(lines)).ignores(path) is out


def test_the_ignore_file_of_a_dockerfile_goes_before(tmp_path: Path) -> None:
    (tmp_path / ".dockerignore").write_text("a\n")
    assert dockerignore.of_build(tmp_path, tmp_path / "Dockerfile").ignores("a")
    (tmp_path / "Dockerfile.dockerignore").write_text("b\n")
    assert not dockerignore.of_build(tmp_path, tmp_path / "Dockerfile").ignores("a")


def _builds() -> bool:
    """Whether an engine is here that builds without pulling anything."""
    docker = shutil.which("docker")
    return docker is not None and subprocess.run([docker, "info"], capture_output=True, check=False).returncode == 0


@pytest.mark.skipif(not _builds(), reason="no engine is here to ask")
@effort(derandomize=True, max_examples=3, deadline=None)
@given(st.lists(st.lists(LINES, min_size=1, max_size=4), min_size=2, max_size=2))
def test_what_is_sent_is_what_buildkit_is_sent(ignore_files: list[list[str]]) -> None:
    for lines in ignore_files:
        theirs = sent_by_buildkit(lines)
        if theirs is not None:  # BuildKit refuses some patterns
            assert {path for path in PATHS if path not in theirs} == ignored(*lines), lines


def sent_by_buildkit(lines: list[str]) -> set[str] | None:
    with tempfile.TemporaryDirectory() as folder:
        context, tar = Path(folder, "context"), Path(folder, "out.tar")
        for path in PATHS:
            (context / path).parent.mkdir(parents=True, exist_ok=True)
            (context / path).write_text("x")
        Path(folder, "Dockerfile").write_text("FROM scratch\nCOPY . /\n")
        Path(folder, "Dockerfile.dockerignore").write_text("\n".join(lines))
        command = [
            "docker",
            "buildx",
            "build",
            "--quiet",
            f"--file={folder}/Dockerfile",
            f"--output=type=tar,dest={tar}",
        ]
        if subprocess.run([*command, str(context)], capture_output=True, check=False).returncode != 0:
            return None
        with tarfile.open(tar) as found:
            return {one.name for one in found if one.isfile()}
