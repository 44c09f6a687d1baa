"""Measure what the machine does while a check runs: stall times, stolen time, a canary's delay, throttled containers.

All of it is read from files of the kernel at the two ends of a window, and costs less than a millisecond.
"""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from checks.core.pressure import Pressure

PROC, CGROUPS = Path("/proc"), Path("/sys/fs/cgroup")
CANARY_SECONDS = 0.05  # between two looks at the clock
QUOTAS = ("cpu*/docker/*/cpu.stat", "docker/*/cpu.stat", "system.slice/docker-*.scope/cpu.stat")
"""Where containers have their quota's account: cgroup v1, v2, and v2 where systemd keeps it."""
NANOSECONDS, MICROSECONDS = 1e-9, 1e-6
SOME = re.compile(r"^some .*total=(\d+)$", re.MULTILINE)
RECENT = re.compile(r"^some avg10=([\d.]+)", re.MULTILINE)


class Canary:
    """A thread that wants to wake up at regular times, and knows the most by which it was late."""

    def __init__(self) -> None:
        self._worst, self._due = 0.0, time.monotonic() + CANARY_SECONDS
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="canary", daemon=True)

    def start(self) -> None:
        """Begin to watch."""
        self._thread.start()

    def stop(self) -> None:
        """End the thread."""
        self._over.set()
        self._thread.join()

    def forget(self) -> None:
        """What was late until now does not count any more."""
        self._worst = 0.0

    def worst(self) -> float:
        """The longest delay since then, in seconds, one that still lasts included."""
        return max(self._worst, time.monotonic() - self._due, 0.0)

    def _watch(self) -> None:
        while not self._over.is_set():
            self._due = time.monotonic() + CANARY_SECONDS
            time.sleep(CANARY_SECONDS)
            self._worst = max(self._worst, time.monotonic() - self._due)


@dataclass(frozen=True, kw_only=True)
class Totals:
    """What the kernel has counted since it started, at one moment (monotonic seconds)."""

    at: float
    stalled: Mapping[str, float]  # seconds, by resource
    cores: tuple[float, float] | None  # ticks stolen from all cores, and all of their ticks
    throttled: Mapping[str, float]  # seconds, by container


def totals(proc: Path = PROC, cgroups: Path = CGROUPS) -> Totals:
    """Read the counters as they are now; what this kernel does not have is left out."""
    files = {name: proc / "pressure" / name for name in ("cpu", "memory", "io")}
    return Totals(
        at=time.monotonic(),
        stalled={name: stalled for name, file in files.items() if (stalled := _stalled(_text(file))) is not None},
        cores=_cores(_text(proc / "stat")),
        throttled={file.parent.name: _throttled(_text(file)) for each in QUOTAS for file in cgroups.glob(each)},
    )


def between(before: Totals, after: Totals, delay_s: float) -> Pressure:
    """What happened from one moment to the other."""
    seconds = after.at - before.at
    held_back = [after.throttled[name] - before.throttled.get(name, 0.0) for name in after.throttled]
    return Pressure(
        seconds=round(seconds, 3),
        cpu=_share("cpu", before, after),
        memory=_share("memory", before, after),
        io=_share("io", before, after),
        steal=_stolen(before.cores, after.cores),
        delay_s=round(delay_s, 3),
        throttled=round(min(1.0, max(held_back) / seconds), 3) if held_back else None,
    )


def recent_cpu(proc: Path = PROC) -> float:
    """The share of the last ten seconds in which some task waited for a core; 0 where the kernel does not tell."""
    found = RECENT.search(_text(proc / "pressure" / "cpu"))
    return float(found[1]) / 100 if found else 0.0


class Gauge:
    """Measures window after window with a canary of its own."""

    def __init__(self) -> None:
        self._canary = Canary()
        self._canary.start()
        self._began = totals()

    def begin(self) -> None:
        """A window begins."""
        self._canary.forget()
        self._began = totals()

    def measured(self) -> Pressure:
        """What happened since."""
        return between(self._began, totals(), self._canary.worst())

    def close(self) -> None:
        """End the canary."""
        self._canary.stop()


def _share(resource: str, before: Totals, after: Totals) -> float | None:
    if resource not in before.stalled or resource not in after.stalled:
        return None
    stalled = after.stalled[resource] - before.stalled[resource]
    return round(min(1.0, max(0.0, stalled) / (after.at - before.at)), 3)


def _stolen(before: tuple[float, float] | None, after: tuple[float, float] | None) -> float | None:
    if before is None or after is None or after[1] <= before[1]:
        return None
    return round(max(0.0, after[0] - before[0]) / (after[1] - before[1]), 3)


def _stalled(text: str) -> float | None:
    found = SOME.search(text)
    return int(found[1]) * MICROSECONDS if found else None


def _cores(text: str) -> tuple[float, float] | None:
    """From the first line of /proc/stat, whose eighth number is what was stolen; guests' time is in the first two."""
    fields = text.partition("\n")[0].split()[1:9]
    return (float(fields[7]), float(sum(map(int, fields)))) if len(fields) == 8 else None


def _throttled(text: str) -> float:
    counted = dict(line.split() for line in text.splitlines() if len(line.split()) == 2)
    if "throttled_time" in counted:
        return int(counted["throttled_time"]) * NANOSECONDS
    return int(counted.get("throttled_usec", 0)) * MICROSECONDS


def _text(file: Path) -> str:
    """What stands in a file of the kernel's; nothing where there is none, or where a container has just gone."""
    try:
        return file.read_text()
    except OSError:
        return ""
