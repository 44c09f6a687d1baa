"""Which disks a directory lies on, and how many flushes they completed: as the kernel tells it to whoever may ask."""

import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

FLUSHES = 18  # the word of a line of /proc/diskstats that counts them, since Linux 5.5


@dataclass(frozen=True, kw_only=True)
class Mounted:
    """What is mounted: a device (`254:1`; major 0 is none), the type of its file system, and where that comes from."""

    device: str
    file_system: str
    source: str


def mounted_at(mountinfo: str, place: str) -> Mounted:
    """What is seen at a mount point (proc(5), mountinfo): of several mounted there, the last."""
    found = [line for line in mountinfo.splitlines() if line.split()[4] == place]
    left, _, right = found[-1].partition(" - ")
    kind, source = right.split()[:2]
    return Mounted(device=left.split()[2], file_system=kind, source=source)


def disks_below(mounted: Mounted, sysfs: Path = Path("/sys")) -> frozenset[str]:
    """The whole disks that a mounted file system lies on, as /proc/diskstats calls them; empty where there are none."""
    return whole_disks(_device(mounted), sysfs)


def whole_disks(device: str, sysfs: Path) -> frozenset[str]:
    """The same for a block device, down through partitions, LVM, LUKS and RAID: flushes are counted at the bottom."""
    place = sysfs / "dev/block" / device
    if not place.exists():
        return frozenset()
    there = place.resolve()
    whole = there.parent if (there / "partition").exists() else there
    below = [whole_disks((slave / "dev").read_text().strip(), sysfs) for slave in (whole / "slaves").glob("*")]
    return frozenset[str]().union(*below) or frozenset({whole.name.replace("!", "/")})


def flushes_of(disks: Iterable[str], diskstats: str) -> int:
    """How many flushes these disks have completed (Linux, Documentation/admin-guide/iostats.rst)."""
    lines = [line.split() for line in diskstats.splitlines()]
    counts = {words[2]: int(words[FLUSHES]) for words in lines if len(words) > FLUSHES}
    return sum(counts.get(disk, 0) for disk in disks)


def _device(mounted: Mounted) -> str:
    """The device, of a file system such as btrfs the one that it names as its source."""
    if not mounted.device.startswith("0:"):
        return mounted.device
    source = Path(mounted.source)
    if not source.is_absolute() or not source.is_block_device():
        return mounted.device
    device = source.stat().st_rdev
    return f"{os.major(device)}:{os.minor(device)}"
