"""A path below the root of a container never leads out of it, whatever links are on the way."""

import os
from pathlib import Path

import pytest

from checks.roles.redis.inside import opened


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A root with a file and links, and a file of the same name outside of it."""
    folder = tmp_path / "root"
    (folder / "run" / "redis").mkdir(parents=True)
    (folder / "var").mkdir()
    (folder / "run" / "redis" / "it").write_text("inside")
    (tmp_path / "it").write_text("outside")
    for link, target in {
        "var/run": "/run", "absolute": "/run/redis/it", "relative": "run/redis/it", "up": "../../../run/redis/it",
        "out": f"{tmp_path}/it", "out-and-up": "../it", "twice": "/var/run/redis/it", "round": "/round",
    }.items():  # fmt: skip
        (folder / link).symlink_to(target)
    return folder


@pytest.mark.parametrize(
    "path",
    ["/run/redis/it", "/var/run/redis/it", "/absolute", "/relative", "/up", "/twice", "/run/../../run/redis/./it"],
)
def test_links_are_followed_below_the_root(root: Path, path: str) -> None:
    with opened(str(root), path) as name:
        assert Path(name).read_text() == "inside"


@pytest.mark.parametrize("path", ["/out", "/out-and-up", "/../it", "/nowhere", "/round", "/run/redis/it/below"])
def test_nothing_outside_is_reached(root: Path, path: str) -> None:
    with pytest.raises(OSError), opened(str(root), path):  # noqa: PT011 - of any kind: it is not there
        pass


def test_no_descriptor_is_left_open(root: Path) -> None:
    before = len(os.listdir("/proc/self/fd"))  # noqa: PTH208 - the names alone
    with opened(str(root), "/twice"):
        pass
    assert len(os.listdir("/proc/self/fd")) == before  # noqa: PTH208
