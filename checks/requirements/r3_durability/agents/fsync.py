"""Runs in a helper container: appends to a file of our own in /folder and fsyncs it, so many times, then removes it.

Prints, as JSON, the id of the kernel's boot, the mounts, and /proc/diskstats before the first fsync and after each.
"""

import json
import os
import sys
import tempfile
from pathlib import Path

FOLDER = "/folder"


def counted(times: int) -> list[str]:
    """What the kernel counts, before the first fsync and after each."""
    found = [diskstats()]
    with tempfile.NamedTemporaryFile(dir=FOLDER) as file:  # with a name: btrfs logs no file that has none
        for _ in range(times):
            os.write(file.fileno(), b"a line for the disk\n")
            os.fdatasync(file.fileno())
            found.append(diskstats())
    return found


def diskstats() -> str:
    """The kernel's counts of each disk."""
    return Path("/proc/diskstats").read_text()


def main() -> None:
    """Fsync as often as the command line says."""
    found = counted(int(sys.argv[1]))
    kernel, mounts = Path("/proc/sys/kernel/random/boot_id"), Path("/proc/self/mountinfo")
    print(json.dumps({"kernel": kernel.read_text().strip(), "mountinfo": mounts.read_text(), "diskstats": found}))


if __name__ == "__main__":
    main()
