"""Which files were judged: one digest, which any change of a byte, a name, a mode or a link changes."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from checks.core.evidence import Folder
from checks.harness import inputs
from checks.harness.inputs import inputs_of, tree_digest
from checks.subject.profile import Subject


def _replaced(path: Path) -> Path:
    path.unlink()
    return path


CHANGES: dict[str, Callable[[Path], object]] = {
    "a byte": lambda folder: (folder / "a").write_text("B"),
    "a name": lambda folder: (folder / "a").rename(folder / "b"),
    "a place": lambda folder: (folder / "a").rename(folder / "sub" / "a"),
    "one more": lambda folder: (folder / "sub" / "new").write_text(""),
    "one less": lambda folder: (folder / "a").unlink(),
    "may be executed": lambda folder: (folder / "a").chmod(0o755),
    "where a link leads": lambda folder: _replaced(folder / "link").symlink_to("sub"),
    "a link's content": lambda folder: _replaced(folder / "link").write_text("a"),
}


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    folder = tmp_path / "tree"
    (folder / "sub" / "data").mkdir(parents=True)
    (folder / "a").write_text("A")
    (folder / "link").symlink_to("a")
    (folder / "sub" / "data" / "grows").write_text("1")
    return folder


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_whatever_changes_is_told(change: Callable[[Path], object], tree: Path) -> None:
    before = tree_digest(tree)
    change(tree)
    assert tree_digest(tree) != before


def test_a_copy_elsewhere_has_the_same(tree: Path, tmp_path: Path) -> None:
    shutil.copytree(tree, tmp_path / "copy", symlinks=True)
    assert tree_digest(tree) == tree_digest(tmp_path / "copy")


def test_what_each_copy_makes_anew_is_not_of_it(tree: Path) -> None:
    before = tree_digest(tree, ("data",))
    (tree / "sub" / "data" / "grows").write_text("2")
    assert tree_digest(tree, ("data",)) == before


def test_what_is_too_much_to_read_is_said(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inputs, "MOST_BYTES", 1)
    assert tree_digest(tree).startswith("none: more than")


def test_a_run_tells_its_own_code_and_lock(tree: Path) -> None:
    told = inputs_of(Subject(compose_file=tree / "a"))
    assert list(told) == ["subject", "version", "checks", "driver", "requirements.lock"]
    assert all(digest.startswith("sha256:") for name, digest in told.items() if name != "version")


def test_evidence_of_earlier_runs_is_none_of_the_subject(tree: Path) -> None:
    before = tree_digest(tree)
    Folder.begin(tree / "evidence").end()
    Folder.begin(tree / "evidence").end()
    assert tree_digest(tree) == before
    (tree / "evidence" / "compose.yaml").write_text("services: {}")  # whoever puts theirs there has a project there
    assert tree_digest(tree) != before


def test_a_folder_that_is_only_called_so_is_judged(tree: Path) -> None:
    before = tree_digest(tree)
    (tree / "evidence" / "run").mkdir(parents=True)
    (tree / "evidence" / "run" / "app.py").write_text("1")
    (tree / "evidence" / "latest").symlink_to("run")
    assert tree_digest(tree) != before
