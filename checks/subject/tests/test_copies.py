"""Copies of large projects: what nobody reads costs nothing, and nothing of the original is ever written."""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path

import pytest

from checks.core.tests.cases import Case, parametrized, text_of
from checks.subject import copies, mutation, profile, read_by, workspace
from checks.subject.profile import Subject
from checks.subject.shared_data import refuse_shared_data
from checks.subject.tests.compose import needs_compose
from checks.subject.tests.projects import laid_out
from stack.driver.errors import SubjectError

CASES = Path(__file__).with_name("cases")
COMPOSE = """
services:
  api:
    build: .
    env_file: conf/app.env
  web:
    build: { context: web }
  redis:
    image: redis:8
    volumes: ["./data:/data", "./redis.conf:/redis.conf:ro"]
"""
FILES = {
    "compose.yaml": COMPOSE,
    ".dockerignore": "node_modules\n**/*.log\n!keep.log\nmodels/*.tmp\n",
    "Dockerfile": "FROM scratch\nCOPY . .\n",
    "web/Dockerfile": "FROM scratch\n",
    "web/node_modules/x.js": "1",
    "conf/app.env": "A=1\n",
    "redis.conf": "appendonly yes\n",
    "data/dump.rdb": "x",
    "app/app.py": "print(1)\n",
    "app/debug.log": "x",
    "keep.log": "x",
    "node_modules/lib/index.js": "1",
    ".git/HEAD": "x",
}
NOT_READ = {"node_modules/lib/index.js", "app/debug.log", ".git/HEAD"}
State = Mapping[str, tuple[str, int, int, int, int]]


def state_of(folder: Path) -> State:
    """{path: (content, mtime, mode, owner, links)} of everything below."""
    found = {}
    for path in sorted(folder.rglob("*")):
        told, content = path.lstat(), ""
        if path.is_symlink():
            content = str(path.readlink())
        elif path.is_file():
            content = hashlib.sha256(path.read_bytes()).hexdigest()
        found[str(path.relative_to(folder))] = (content, told.st_mtime_ns, told.st_mode, told.st_uid, told.st_nlink)
    return found


def files_of(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


def copied(subject: Subject, tmp_path: Path, name: str = "checks-1") -> Path:
    """A copy as a fresh stack has it."""
    base = tmp_path / "run" / name
    base.parent.mkdir(exist_ok=True)
    workspace._copy_from(tmp_path / "run" / workspace.ORIGINALS, subject, base)
    return workspace.place_in(base, subject)


def written_to(directory: Path, config: Mapping[str, object]) -> None:
    """Write what containers and ourselves could write: through each writable mount, and to each file by its name."""
    services = config["services"]
    assert isinstance(services, dict)
    for spec in services.values():
        for mount in spec.get("volumes") or ():
            source = Path(str(mount.get("source") or ""))
            if mount["type"] == "bind" and not mount.get("read_only") and source.is_dir():
                (source / "written-by-a-container").write_text("x")
    for path in [*directory.rglob("*")]:
        if path.is_file() and not path.is_symlink():
            mutation.rewrite(path, "changed")


@pytest.fixture
def large(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Subject:
    """A project that counts as large, with one file in its build's folder that may be linked."""
    monkeypatch.setattr(read_by, "MOST_FILES", 3)
    for name, text in FILES.items():
        path = tmp_path / "shop" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    (tmp_path / "shop" / "models").mkdir()
    for name in ("models/model.bin", "data/big.rdb"):
        (tmp_path / "shop" / name).write_bytes(b"m" * copies.LINKED_FROM)
    return profile.read(tmp_path / "shop")


@parametrized(CASES, "copy-shares")
def test_whatever_a_copy_writes_the_original_stays(case: Case, tmp_path: Path) -> None:
    """For every form of volume that the cases have: with a device, nfs, links, absolute binds."""
    subject = profile.read(laid_out(case, tmp_path / "work"))
    before = state_of(tmp_path / "work")
    directory = copied(subject, tmp_path)
    config = json.loads(text_of(case, "config.json").replace("@DIR@", str(directory)))
    try:
        refuse_shared_data(config, tmp_path / "run" / "checks-1")
    except SubjectError:
        assert "refused" in (case["right"], *case.get("also", ()))
    else:
        written_to(directory, config)
    assert state_of(tmp_path / "work") == before


@needs_compose
def test_what_nobody_reads_is_not_copied(large: Subject, tmp_path: Path) -> None:
    found = files_of(copied(large, tmp_path))
    assert found == files_of(large.directory) - NOT_READ


@needs_compose
def test_a_large_project_that_is_written_to_stays(large: Subject, tmp_path: Path) -> None:
    before = state_of(large.directory)
    first, second = copied(large, tmp_path), copied(large, tmp_path, "checks-2")
    untouched = state_of(second)
    written_to(first, large.project_in(first, "checks-1").config)
    assert state_of(large.directory) == before
    contents = {name: seen[0] for name, seen in state_of(second).items()}
    assert contents == {name: seen[0] for name, seen in untouched.items()}


@needs_compose
def test_only_what_builds_alone_read_is_linked(large: Subject, tmp_path: Path) -> None:
    one, other = copied(large, tmp_path), copied(large, tmp_path, "checks-2")
    linked = {name for name in files_of(one) if (one / name).samefile(other / name)}
    reflinks = copies._reflinked(large.directory / "models" / "model.bin", tmp_path / "try")
    assert linked == (set() if reflinks else {"models/model.bin"})
    assert not any((one / name).samefile(large.directory / name) for name in files_of(one))


@needs_compose
def test_a_project_that_is_prepared_is_copied_whole(large: Subject, tmp_path: Path) -> None:
    prepared = Subject(compose_file=large.compose_file, prepare=("make",))
    assert files_of(copied(prepared, tmp_path)) == files_of(large.directory) - {".git/HEAD"}


def test_a_small_project_is_copied_whole(tmp_path: Path) -> None:
    for name, text in FILES.items():
        (tmp_path / "shop" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "shop" / name).write_text(text)
    subject = profile.read(tmp_path / "shop")
    assert files_of(copied(subject, tmp_path)) == files_of(subject.directory) - {".git/HEAD"}
