"""Tells a probe that said something bad from one that only ran out of time, and when the latter proves nothing.

A probe runs out of time on a sick service and on a machine that starves, and it looks the same. So one that did counts
for nothing if some task had to wait for the CPU nearly all the while. Docker's own rule then decides: as many failed
probes as its `retries` say, of those that count.
"""

from collections.abc import Callable
from dataclasses import dataclass

from stack.healer import main_process
from stack.healer.container import LOG_LENGTH, Container, Probe

STARVED_SHARE = 0.9

Share = Callable[[float, float], float | None]


@dataclass(frozen=True, kw_only=True)
class Lateness:
    """Failed probes that prove nothing, so that too few are left for a verdict."""

    late: int
    failed: int
    share: float  # of the time of the late ones, in which some task had to wait
    process: str = ""  # what the main process was doing

    @property
    def halted(self) -> bool:
        """Tell whether it is a fault after all: what stands still on purpose will not get well."""
        return self.process in main_process.HALTED

    @property
    def reason(self) -> str:
        """Why a restart is held back."""
        main = f"; its main process is {self.process}" if self.process else ""
        return (
            f"{self.late} of {self.failed} failed probes were only late, while the machine kept tasks waiting "
            f"{self.share:.0%} of the time{main}"
        )


def lateness(patient: Container, share: Share) -> Lateness | None:
    """Judge the failed probes of a container that is unhealthy; None where enough of them count for a verdict."""
    excused = [shared for probe in patient.failures if (shared := _starved(probe, share)) is not None]
    failed = len(patient.failures)
    if not excused or failed - len(excused) >= min(patient.retries, LOG_LENGTH):
        return None
    return Lateness(late=len(excused), failed=failed, share=sum(excused) / len(excused))


def _starved(probe: Probe, share: Share) -> float | None:
    """Give the share of its time in which tasks had to wait, if it was late and that is the machine's fault."""
    shared = share(probe.start, probe.end) if probe.late else None
    return shared if shared is not None and shared >= STARVED_SHARE else None
