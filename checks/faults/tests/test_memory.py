"""Which cgroup is tightened, and how it is put back."""

from pathlib import Path

import pytest

from checks.faults.agents import memory
from checks.faults.agents.memory import Group, group_of

V1 = "12:cpu,cpuacct:/docker/abc\n4:memory:/docker/abc\n0::/docker/abc\n"
V2 = "0::/system.slice/docker-abc.scope\n"
GROUPS = [V1, V2]


@pytest.fixture(autouse=True)
def groups(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(memory, "CGROUPS", tmp_path)
    return tmp_path


def laid_out(group: Group) -> dict[Path, str]:
    group.path.mkdir(parents=True)
    texts = {group.path / group.limit: "512000000", group.path / group.limit_of_swap: "1024000000"}
    for file, text in (texts | {group.path / group.usage: "1000000"}).items():
        file.write_text(text)
    return texts


def test_the_memory_controller_is_found_among_others(groups: Path) -> None:
    assert group_of(V1).path == groups / "memory/docker/abc"


def test_the_unified_group_is_found_where_it_is_the_only_one(groups: Path) -> None:
    assert group_of(V2).path == groups / "system.slice/docker-abc.scope"


@pytest.mark.parametrize("memberships", GROUPS, ids=["v1", "v2"])
def test_kills_are_counted(memberships: str) -> None:
    group = group_of(memberships)
    laid_out(group)
    (group.path / group.events).write_text("under_oom 0\noom_kill 3\n")
    assert group.kills() == 3


@pytest.mark.parametrize("memberships", GROUPS, ids=["v1", "v2"])
def test_limits_are_lowered_and_put_back(memberships: str) -> None:
    group = group_of(memberships)
    texts = laid_out(group)
    before = group.tighten()
    assert (group.path / group.limit).read_text() == str(1000000 + memory.ROOM)
    assert {file: file.read_text() for file in texts} != texts
    memory.put_back(before)
    assert {file: file.read_text() for file in texts} == texts


@pytest.mark.parametrize("memberships", GROUPS, ids=["v1", "v2"])
def test_a_kernel_that_does_not_account_for_swap_is_no_obstacle(memberships: str) -> None:
    group = group_of(memberships)
    laid_out(group)
    (group.path / group.limit_of_swap).unlink()
    assert set(group.tighten()) == {group.path / group.limit}
