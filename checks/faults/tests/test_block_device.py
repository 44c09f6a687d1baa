"""A disk whose power can be cut: what survives a cut, and what is never cut. On loop devices made here, as root."""

import os
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from checks.faults.agents import block_device
from checks.faults.agents.block_device import Disk, Power, PowerError

NEW_MOUNTS = 0x20000  # CLONE_NEWNS
PRIVATE = 0x40000 | 0x4000  # MS_PRIVATE | MS_REC

pytestmark = pytest.mark.skipif(
    os.geteuid() != 0 or not Path("/dev/loop-control").exists(), reason="needs root and loop devices"
)


@pytest.fixture(autouse=True)
def mounts_of_our_own() -> Iterator[None]:
    """Nobody else sees what is mounted meanwhile, and it goes with this process, however that ends."""
    before = os.open("/proc/self/ns/mnt", os.O_RDONLY)
    block_device._call(block_device.LIBC.unshare, NEW_MOUNTS)
    block_device._call(block_device.LIBC.mount, None, b"/", None, PRIVATE, None)
    yield
    here = Path.cwd()
    block_device._call(block_device.LIBC.setns, before, 0)
    os.close(before)
    os.chdir(here)


def mounted(home: Path, monkeypatch: pytest.MonkeyPatch) -> Disk:
    home.mkdir()
    for name in ("FILE", "MOUNT"):
        monkeypatch.setattr(block_device, name, home / name.lower())
    block_device.MOUNT.mkdir()
    disk = Disk()
    disk.mount()
    return disk


@pytest.fixture
def disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Disk:
    return mounted(tmp_path / "ours", monkeypatch)


@pytest.fixture
def cuts(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """What would have been shut down; nothing is."""
    asked: list[int] = []
    monkeypatch.setattr(block_device, "shut_down", asked.append)
    return asked


def write(name: str, *, fsync: bool) -> None:
    file = os.open(block_device.MOUNT / name, os.O_CREAT | os.O_WRONLY)
    os.write(file, b"x")
    if fsync:
        os.fsync(file)
    os.close(file)


def test_a_power_cut_leaves_what_was_fsynced_and_nothing_else(disk: Disk) -> None:
    write("fsynced", fsync=True)
    write("in-memory", fsync=False)
    disk.cut()
    with pytest.raises(OSError, match="Input/output error"):
        write("too-late", fsync=True)
    disk.unmount()
    disk.mount()
    assert sorted(path.name for path in block_device.MOUNT.iterdir()) == ["fsynced", "lost+found"]


def test_what_is_unmounted_in_good_order_is_all_there(disk: Disk) -> None:
    write("in-memory", fsync=False)
    Power(disk).renew()
    assert (block_device.MOUNT / "in-memory").exists()


def test_the_root_file_system_is_never_cut(disk: Disk, cuts: list[int], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(block_device, "MOUNT", Path("/"))
    with pytest.raises(PowerError, match="is not a loop device"):
        disk.cut()
    assert cuts == []


@pytest.mark.parametrize("target", ["/", "the mount"])
def test_a_symbolic_link_is_never_followed(
    disk: Disk, cuts: list[int], target: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "link").symlink_to(target if target == "/" else block_device.MOUNT)
    monkeypatch.setattr(block_device, "MOUNT", tmp_path / "link")
    with pytest.raises(OSError, match=r"Not a directory|Too many levels"):
        disk.cut()
    assert cuts == []


def test_the_loop_device_of_another_is_never_cut(
    disk: Disk, cuts: list[int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mounted(tmp_path / "theirs", monkeypatch)
    with pytest.raises(PowerError, match="has another file behind it"):
        disk.cut()
    assert cuts == []


def test_another_file_system_on_our_device_is_never_cut(disk: Disk, cuts: list[int]) -> None:
    disk.id = bytes(16)
    with pytest.raises(PowerError, match="the file system has another id"):
        disk.cut()
    assert cuts == []


def test_a_cut_without_effect_is_told(disk: Disk, cuts: list[int]) -> None:
    with pytest.raises(PowerError, match="still takes writes"):
        disk.cut()
    assert len(cuts) == 1


def test_the_root_of_the_file_system_is_not_ours_either(disk: Disk, tmp_path: Path) -> None:
    guard = Power(disk).guard
    assert guard(str(block_device.MOUNT))["refusal"] == ""
    assert guard("/")["refusal"] != ""
    assert guard(str(tmp_path / "missing"))["refusal"] == "No such file or directory"


def test_a_full_disk_has_what_was_left_and_then_its_room_again(disk: Disk) -> None:
    empty = Power(disk).room()["bytes"]
    assert Power(disk).fill(leave=2**20)["bytes"] <= 2**20
    assert Power(disk).empty()["bytes"] == pytest.approx(empty, abs=2**20)


def test_the_device_goes_with_its_last_user(disk: Disk) -> None:
    path = Path("/sys/block") / Path(disk.path).name / "loop"
    assert path.exists()
    block_device._call(block_device.LIBC.umount2, str(block_device.MOUNT).encode(), 0)
    os.close(disk.device)
    assert not path.exists()


def test_the_next_child_is_stopped(disk: Disk, capsys: pytest.CaptureFixture[str]) -> None:
    with (
        subprocess.Popen(["sh", "-c", "sleep 0.1; echo go"], stdout=subprocess.PIPE) as beginning,
        subprocess.Popen(["sh", "-c", "read go; sleep 9 & wait"], stdin=beginning.stdout) as parent,
    ):
        assert Power(disk).freeze_child(parent.pid, 5.0) == {"state": "T"}
        os.kill(block_device.children(parent.pid).pop(), signal.SIGKILL)
    assert capsys.readouterr().out == '{"armed": true}\n'


def test_a_child_that_does_not_come_is_told(disk: Disk) -> None:
    assert Power(disk).freeze_child(os.getpid(), 0.0) == {"state": "none came"}
