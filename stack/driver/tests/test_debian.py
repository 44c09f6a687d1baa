"""Root file systems are kept under a key of their content, whole or not at all."""

import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from stack.driver import debian
from stack.driver.debian import Recipe
from stack.driver.errors import DiskFullError, ImageError, StackError
from stack.driver.images.bases import BASES

RECIPE = Recipe(packages=("redis-server",), finish=("true",))


def making(target: Path, script: str) -> "subprocess.Popen[str]":
    """What stands for mmdebstrap: it has written a part, and ends as the script says."""
    debian._unfinished(target).write_text("a part")
    return subprocess.Popen(["sh", "-c", script], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def test_a_recipe_keeps_its_key() -> None:
    assert RECIPE.key() == Recipe(packages=("redis-server",), finish=("true",)).key()
    assert len(RECIPE.key()) == 12


@pytest.mark.parametrize(
    "other",
    [
        replace(RECIPE, packages=("redis-server", "tini")),
        replace(RECIPE, packages=("valkey-server",)),
        replace(RECIPE, finish=("false",)),
        replace(RECIPE, finish=()),
        Recipe(packages=("redis-server", "true")),
    ],
)
def test_another_recipe_has_another_key(other: Recipe) -> None:
    assert other.key() != RECIPE.key()


@pytest.mark.parametrize(("name", "value"), [("ROOT_RELEASE", "forky"), ("DROPPED", ())])
def test_another_release_or_other_leavings_are_another_key(
    monkeypatch: pytest.MonkeyPatch, name: str, value: object
) -> None:
    before = RECIPE.key()
    monkeypatch.setattr(debian, name, value)
    assert RECIPE.key() != before


def test_every_base_is_kept_in_a_file_of_its_own(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    kept = {debian.cached_root(base.packaged.split(":")[0], base.recipe) for base in BASES}
    assert len(kept) == len(BASES)
    assert {path.parent for path in kept} == {tmp_path / "compose-compliance"}


def test_the_mirror_that_is_named_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DEBIAN_MIRROR", "https://mirror.example/debian")
    assert debian.mirror.__wrapped__() == "https://mirror.example/debian"


def test_a_root_that_was_made_is_kept(tmp_path: Path) -> None:
    target = tmp_path / "redis-1.tar"
    debian.settle(target, making(target, "exit 0"))
    assert [path.name for path in tmp_path.iterdir()] == ["redis-1.tar"]


@pytest.mark.parametrize(
    ("script", "kind", "told"),
    [
        ("echo 'E: no such package'; exit 1", ImageError, "E: no such package"),
        ("echo 'No space left on device'; exit 1", DiskFullError, "mmdebstrap could not make redis-1.tar"),
        ("kill -9 $$", ImageError, "mmdebstrap could not make redis-1.tar"),
    ],
)
def test_a_root_that_could_not_be_made_leaves_nothing(
    tmp_path: Path, script: str, kind: type[StackError], told: str
) -> None:
    target = tmp_path / "redis-1.tar"
    with pytest.raises(kind, match=told):
        debian.settle(target, making(target, script))
    assert list(tmp_path.iterdir()) == []


def test_a_root_that_nobody_waits_for_is_given_up(tmp_path: Path) -> None:
    target = tmp_path / "redis-1.tar"
    process = making(target, "exec sleep 60")
    debian.abandon(target, process)
    assert process.returncode is not None
    assert list(tmp_path.iterdir()) == []
