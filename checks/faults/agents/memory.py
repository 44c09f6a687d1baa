"""Runs in a helper container, alone: uses up the memory of another container until the kernel kills its main process.

The limit of the container's cgroup is lowered to little above what is used; then processes of ours join the group and
allocate. Nothing is needed inside that container, and its next run gets a new cgroup, with its own limit. Works for
cgroups of both versions.
"""

import os
import select
import signal
import sys
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

CGROUPS = Path("/cgroup")  # where the helper sees the machine's /sys/fs/cgroup
ROOM = 2**25  # bytes above what is used: little, so that it is used up soon
PIECE = 2**22  # for each process of ours, which is to be smaller than the smallest service
PATIENCE = 5.0
SLOW = 0.5  # a process that takes longer waits for memory, or is gone: then the next one goes ahead
FIRST = "1000"  # the oom_score_adj of whom the kernel takes first: it counts as much as the whole limit


@dataclass(frozen=True)
class Group:
    """A memory cgroup, and what its files are called."""

    path: Path
    limit: str
    limit_of_swap: str
    usage: str
    events: str

    def kills(self) -> int:
        """How often the kernel has killed somebody in it for want of memory."""
        lines = (self.path / self.events).read_text().splitlines()
        return int(dict(line.split() for line in lines)["oom_kill"])

    def tighten(self) -> dict[Path, str]:
        """Lower its limits, and give {file: text} to put them back with, in this order."""
        limit, of_swap = self.path / self.limit, self.path / self.limit_of_swap
        files = [one for one in (of_swap, limit) if one.exists()]  # swap may not be accounted for
        before = {file: file.read_text() for file in files}
        so_far = before[limit].strip()
        wanted = int((self.path / self.usage).read_text()) + ROOM
        most = str(wanted if so_far == "max" else min(wanted, int(so_far)))
        limit.write_text(most)
        if of_swap in before:
            of_swap.write_text(most if "memsw" in of_swap.name else "0")  # version 1 counts both together
        return before


def group_of(memberships: str) -> Group:
    """The memory cgroup in a text such as /proc/PID/cgroup: the line with that controller, else the unified one."""
    lines = [line.split(":", 2) for line in memberships.splitlines()]
    for _, controllers, path in lines:
        if "memory" in controllers.split(","):
            v1 = ("memory.limit_in_bytes", "memory.memsw.limit_in_bytes", "memory.usage_in_bytes", "memory.oom_control")
            return Group(CGROUPS / "memory" / path.lstrip("/"), *v1)
    unified = next(path for number, _, path in lines if number == "0")
    return Group(CGROUPS / unified.lstrip("/"), "memory.max", "memory.swap.max", "memory.current", "memory.events")


def exhaust(process: Path) -> bool:
    """Whether the kernel killed this process (/proc/PID) for want of memory; if not, all is put back."""
    group = group_of((process / "cgroup").read_text())
    score, kills = (process / "oom_score_adj").read_text(), group.kills()
    (process / "oom_score_adj").write_text(FIRST)
    done, told = os.pipe()
    before, eaters, deadline = group.tighten(), [], time.monotonic() + PATIENCE
    while not (killed := gone(process) and group.kills() > kills) and time.monotonic() < deadline:
        eaters.append(os.fork() or eat(group, told))
        if select.select([done], [], [], SLOW)[0]:
            os.read(done, 1)
    for eater in eaters:  # until now they have kept the group there to be read
        os.kill(eater, signal.SIGKILL)
        os.waitpid(eater, 0)
    if not killed:
        put_back(before | {process / "oom_score_adj": score})
    return killed


def eat(group: Group, told: int) -> NoReturn:
    """Join the group, allocate, tell so, and wait for the end."""
    (group.path / "cgroup.procs").write_text("0")
    eaten = b"x" * PIECE
    os.write(told, eaten[:1])
    while True:
        signal.pause()


def gone(process: Path) -> bool:
    """Whether a process has ended, waited for or not."""
    try:
        return (process / "stat").read_text().rpartition(")")[2].split()[0] in {"Z", "X"}
    except (FileNotFoundError, ProcessLookupError):  # the latter if it goes between open and read
        return True


def put_back(texts: dict[Path, str]) -> None:
    """Write what was there; files of a process that went, and of its group, are no matter."""
    for file, text in texts.items():
        with suppress(OSError):
            file.write_text(text)


if __name__ == "__main__":
    sys.stdout.write(f"{exhaust(Path('/proc') / sys.argv[1])}\n")
