"""On which disks a directory lies, and how often they flushed; when the count tells something."""

from pathlib import Path

import pytest

from checks.requirements.r3_durability.disk_flushes import Mounted, disks_below, flushes_of, mounted_at
from checks.requirements.r3_durability.judge.fsync import WRITES, Flushes
from checks.requirements.r3_durability.observe.fsync import tells
from checks.requirements.r3_durability.samples.restart import FLUSHED

MOUNTS = """\
47 27 0:40 / / ro,relatime - overlay overlay rw,lowerdir=/lower,upperdir=/upper
48 47 0:44 / /folder-of-another rw - tmpfs tmpfs rw
49 47 254:1 /copy/data /folder rw,relatime shared:3 master:1 - ext4 /dev/vda1 rw,discard
"""
LINE = " 254       0 vda 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 {} 17\n"
LOOP = "   7       0 loop0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 900 0\n"
TREE = {
    "8:0": ("pci/block/sda", ""),
    "8:1": ("pci/block/sda/sda1", "partition"),
    "8:16": ("pci/block/sdb", ""),
    "253:0": ("virtual/block/dm-0", "8:1"),  # LUKS on a partition
    "253:1": ("virtual/block/dm-1", "253:0 8:16"),  # LVM on that and on another disk
    "104:0": ("pci/block/cciss!c0d0", ""),
}


def mounted(device: str, *, file_system: str = "ext4", source: str = "/dev/it") -> Mounted:
    return Mounted(device=device, file_system=file_system, source=source)


@pytest.fixture
def sysfs(tmp_path: Path) -> Path:
    """Devices as the kernel lays them out: a folder each, and links to it by number."""
    (tmp_path / "dev/block").mkdir(parents=True)
    for device, (place, below) in TREE.items():
        folder = tmp_path / "devices" / place
        folder.mkdir(parents=True)
        (folder / "dev").write_text(f"{device}\n")
        (tmp_path / "dev/block" / device).symlink_to(folder)
        if below == "partition":
            (folder / "partition").write_text("1\n")
        else:
            (folder / "slaves").mkdir()
            for slave in below.split():
                (folder / "slaves" / slave).symlink_to(tmp_path / "devices" / TREE[slave][0])
    return tmp_path


def test_what_is_mounted_at_a_place_is_found() -> None:
    assert mounted_at(MOUNTS, "/folder") == mounted("254:1", source="/dev/vda1")


def test_of_several_mounts_at_a_place_the_last_is_seen() -> None:
    over = "50 49 0:50 / /folder rw - tmpfs tmpfs rw\n"
    assert mounted_at(MOUNTS + over, "/folder") == mounted("0:50", file_system="tmpfs", source="tmpfs")


@pytest.mark.parametrize(
    ("device", "disks"),
    [
        ("8:0", {"sda"}),
        ("8:1", {"sda"}),
        ("253:0", {"sda"}),
        ("253:1", {"sda", "sdb"}),
        ("104:0", {"cciss/c0d0"}),
        ("9:9", set()),
    ],
)
def test_flushes_are_looked_for_where_they_are_counted(sysfs: Path, device: str, disks: set[str]) -> None:
    assert disks_below(mounted(device), sysfs) == disks


@pytest.mark.parametrize("source", ["tmpfs", "pool/data", "server:/data", "/dev/is-not-there", "/dev/null"])
def test_what_is_on_no_disk_has_none(sysfs: Path, source: str) -> None:
    assert disks_below(mounted("0:44", source=source), sysfs) == frozenset()


def test_completed_flushes_are_counted_for_these_disks_alone() -> None:
    assert flushes_of(["vda"], LINE.format(41) + LOOP) == 41
    assert flushes_of(["vda", "loop0"], LINE.format(41) + LOOP) == 941


def test_a_kernel_that_counts_no_flushes_counts_none() -> None:
    assert flushes_of(["vda"], " 254       0 vda 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15\n") == 0


@pytest.mark.parametrize(
    ("flushed", "flushed_pauses", "told"),
    [
        (WRITES, 0, True),
        (WRITES, WRITES // 2, True),
        (WRITES, WRITES, False),
        (WRITES - 1, 0, False),
        (WRITES // 2, WRITES, True),
        (0, 0, True),
    ],
)
def test_it_is_told_only_when_it_is_clear(flushed: int, flushed_pauses: int, *, told: bool) -> None:
    seen = Flushes(disks=FLUSHED.disks, not_counted="", writes=WRITES, flushed=flushed, flushed_pauses=flushed_pauses)
    assert tells(seen) is told
