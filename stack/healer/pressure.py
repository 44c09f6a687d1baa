"""How much the machine starved for CPU, and when: `/proc/pressure/cpu`, readable in every container, kept for a while.

It tells for how long all in all some task was ready to run and had to wait. Of a window, the share of that is judged:
near 0 on a quiet machine, near 1 on one that has more to do than it can.
"""

import asyncio
import re
import time
from bisect import bisect_left
from collections import deque
from collections.abc import Callable
from pathlib import Path

from stack.healer import event_log

FILE = Path("/proc/pressure/cpu")
SAMPLE_SECONDS = 0.5
KEPT_SECONDS = 600  # longer than a log of five probes reaches back, of which each may take 30 s to be started
SOME = re.compile(r"^some avg10=([\d.]+) avg60=([\d.]+) avg300=[\d.]+ total=(\d+)$", re.MULTILINE)
MICROSECOND = 1e-6
Sample = tuple[float, float]  # (when, how many seconds tasks had waited by then), both as the engine's clock has them


class Pressure:
    """Samples of what the kernel counts; of a machine without it nothing is known, and nobody is excused there."""

    def __init__(self, file: Path = FILE, clock: Callable[[], float] = time.time) -> None:
        self.file = file
        self.clock = clock
        self.samples: deque[Sample] = deque()

    async def watch(self) -> None:
        """Take samples for as long as there are any to take."""
        while self.sample():  # noqa: ASYNC110 - nobody tells when there is more to know
            await asyncio.sleep(SAMPLE_SECONDS)

    def sample(self) -> bool:
        """Take one; false where this kernel counts nothing, which is told."""
        try:
            told = SOME.search(self.file.read_text())
        except OSError as error:
            event_log.write("failed", reason=f"this kernel does not tell of CPU pressure: {error.strerror}")
            return False
        if not told:
            event_log.write("failed", reason="what this kernel tells of CPU pressure is not understood")
            return False
        self._take(self.clock(), int(told[3]) * MICROSECOND, (float(told[1]), float(told[2])))
        return True

    def share(self, start: float, end: float) -> float | None:
        """Of the time from start to end, the share in which some task had to wait; None where that is not known."""
        if len(self.samples) < 2 or start < self.samples[0][0] or end <= start:
            return None
        return min(max((self._waited(end) - self._waited(start)) / (end - start), 0.0), 1.0)

    def _take(self, now: float, waited: float, averages: tuple[float, float]) -> None:
        if self.samples and now <= self.samples[-1][0]:  # somebody set the clock back: what is known is of another time
            self.samples.clear()
        if not self.samples:
            self.samples.extend(_before(now, waited, averages))
        self.samples.append((now, waited))
        while now - self.samples[0][0] > KEPT_SECONDS:
            self.samples.popleft()

    def _waited(self, at: float) -> float:
        """Seconds by a moment: between two samples in proportion, after the last as between the last two."""
        place = min(max(bisect_left(self.samples, (at, 0.0)), 1), len(self.samples) - 1)
        (before, less), (after, more) = self.samples[place - 1], self.samples[place]
        return less + (more - less) * (at - before) / (after - before)


def _before(now: float, waited: float, averages: tuple[float, float]) -> list[Sample]:
    """What the kernel's own averages tell of the last minute: a healer may be started on a machine that starves."""
    ten, sixty = (average / 100 for average in averages)
    return [(now - 60, waited - max(60 * sixty, 10 * ten)), (now - 10, waited - 10 * ten)]
