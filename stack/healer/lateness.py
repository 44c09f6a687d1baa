"""Tells a probe that said something bad from one that only ran out of time, and when the latter proves nothing.

A probe runs out of time on a sick service and on a machine that starves, and it looks the same. So one that did counts
for nothing if some task had to wait for the CPU nearly all the while. Nor does one of a service that has just started
there, whatever it said: it may not listen yet, and to start it again is to begin anew. Docker's own rule then decides:
as many failed probes as its `retries` say, of those that count.
"""

from collections.abc import Callable
from dataclasses import dataclass

from stack.healer import main_process
from stack.healer.container import LOG_LENGTH, Container, Probe
from stack.healer.peers import Peers

STARVED_SHARE = 0.9
STARTING_SECONDS = 60.0  # that a start may take with a small share of the CPU; on a quiet machine ours take 1 to 2 s


Share = Callable[[float, float], float | None]


@dataclass(frozen=True, kw_only=True)
class Lateness:
    """Failed probes that prove nothing, so that too few are left for a verdict."""

    late: int
    failed: int
    share: float  # of the time of the late ones, in which some task had to wait
    process: str = ""  # what the main process was doing
    peers: Peers | None = None  # and how others did meanwhile, where that was asked for

    @property
    def halted(self) -> bool:
        """Tell whether it is a fault after all: what stands still on purpose will not get well."""
        return self.process in main_process.HALTED

    @property
    def reason(self) -> str:
        """Why a restart is held back."""
        main = f"; its main process is {self.process}" if self.process else ""
        others = f"; {self.peers.told}" if self.peers else ""
        return (
            f"{self.late} of {self.failed} failed probes were only late, while the machine kept tasks waiting "
            f"{self.share:.0%} of the time{main}{others}"
        )


def lateness(patient: Container, share: Share) -> Lateness | None:
    """Judge the failed probes of a container that is unhealthy; None where enough of them count for a verdict."""
    told = [probe for probe in patient.failures if probe.late or _just_started(patient, probe)]
    excused = [shared for probe in told if (shared := _starved(probe, share)) is not None]
    failed = len(patient.failures)
    if not excused or failed - len(excused) >= min(patient.retries, LOG_LENGTH):
        return None
    return Lateness(late=len(excused), failed=failed, share=sum(excused) / len(excused))


def _just_started(patient: Container, probe: Probe) -> bool:
    """Tell whether it has passed no probe yet, as far as the log goes back, and runs for a short time only."""
    if not patient.started_at or any(one.passed for one in patient.probes):
        return False
    return probe.start - patient.started < STARTING_SECONDS


def _starved(probe: Probe, share: Share) -> float | None:
    """Give the share of its time in which tasks had to wait, if that is reason enough."""
    shared = share(probe.start, probe.end)
    return shared if shared is not None and shared >= STARVED_SHARE else None
