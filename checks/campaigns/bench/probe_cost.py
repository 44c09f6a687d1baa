"""What the health check of the service costs: of two containers that do nothing else, one has it and one has not."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path

GROUPS = Path("/sys/fs/cgroup")
SECONDS = 60.0


@dataclass(frozen=True, kw_only=True)
class Probed:
    """A container with the health check, and one without: the process ids of their services."""

    with_it: int
    without: int
    interval: float  # seconds between two probes


@dataclass(frozen=True, kw_only=True)
class ProbeCost:
    """CPU time of the whole containers, with what the engine starts in them."""

    seconds: float
    with_it_ms: float
    without_ms: float
    interval: float

    @property
    def share(self) -> float:
        """Of one core, for as long as the service runs."""
        return round((self.with_it_ms - self.without_ms) / self.seconds / 1000, 5)

    @property
    def each_ms(self) -> float:
        return round(self.share * self.interval * 1000, 1)

    def told(self) -> str:
        return (
            f"The health check, every {self.interval:g} s, costs **{self.share:.2%}** of a core, {self.each_ms:.1f} ms"
            f" of CPU each: over {self.seconds:.0f} s, by the control groups of two containers of which one has none."
        )


def measured(probed: Probed) -> ProbeCost:
    before, begun = _both(probed), time.monotonic()
    time.sleep(SECONDS)
    after, seconds = _both(probed), time.monotonic() - begun
    with_it, without = (round((late - early) * 1000, 1) for early, late in zip(before, after, strict=True))
    return ProbeCost(seconds=round(seconds, 1), with_it_ms=with_it, without_ms=without, interval=probed.interval)


def _both(probed: Probed) -> tuple[float, float]:
    return cpu_seconds(probed.with_it), cpu_seconds(probed.without)


def cpu_seconds(pid: int, groups: Path = GROUPS, processes: Path = Path("/proc")) -> float:
    """Of everything in the process's control group so far, by its first version or its second."""
    lines = (processes / str(pid) / "cgroup").read_text().splitlines()
    paths = {name: path for _, names, path in (line.split(":", 2) for line in lines) for name in names.split(",")}
    if "cpuacct" in paths:
        return int((groups / "cpuacct" / paths["cpuacct"][1:] / "cpuacct.usage").read_text()) / 1e9
    told = (groups / paths[""][1:] / "cpu.stat").read_text().split()
    return int(told[told.index("usage_usec") + 1]) / 1e6
