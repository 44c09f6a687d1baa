"""What is kept of each container, and what is counted of each service: all that a healer must not forget."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from stack.healer.policy import Memory

LAST_SIGNAL_SECONDS = 1.0  # that the last signal of a restart may come later than it should


@dataclass(frozen=True, kw_only=True)
class Treatment:
    """A restart, and what for; seconds since the epoch, a duration in seconds where the name says so.

    `detected_at` and `detect_seconds` come from the engine's log of probes and are missing where that is too short.
    `restarted_at` is missing until the engine says that it is done; `failed_at` is when it last said that it is not.
    """

    reason: str
    fault: str = ""
    detected_at: float | None = None
    detect_seconds: float | None = None
    began_at: float
    restarted_at: float | None = None
    failed_at: float | None = None

    def ours_until(self, stop_seconds: float) -> float:
        """Until when it was asked to end by this restart: who is asked to end later was asked by somebody else.

        The engine is done with it by then, or has failed. Where neither is known, because we were ended ourselves
        meanwhile, the engine sends its last signal a stop time after the first.
        """
        return self.restarted_at or self.failed_at or self.began_at + stop_seconds + LAST_SIGNAL_SECONDS


@dataclass(frozen=True, kw_only=True)
class State:
    """One container's. `sick_from` is a time of the kernel's clock since boot, as those of `memory` are."""

    service: str = ""
    memory: Memory = field(default_factory=Memory)
    sick_from: float | None = None  # unhealthy, and not seen healthy or stopped since
    treatment: Treatment | None = None  # until it is healthy
    waiting: str = ""  # why its restart is held back, if it is
    held_back: str = ""  # the same in a word, one of few


@dataclass(frozen=True, kw_only=True)
class Totals:
    """Counted since the volume that they are kept in was made."""

    restarts: Mapping[str, Mapping[str, int]] = field(default_factory=dict)  # by service, then by kind of reason
    unhealthy_seconds: Mapping[str, float] = field(default_factory=dict)  # by service; of spells that are over
    last_event_at: float | None = None  # seconds since the epoch
    last_look_at: float | None = None

    def with_services(self, services: set[str]) -> "Totals":
        """Know of these services: a series that begins at 0 shows its first restart as a rise."""
        restarts = {one: self.restarts.get(one, {}) for one in services}
        seconds = {one: self.unhealthy_seconds.get(one, 0.0) for one in services}
        return replace(
            self, restarts={**self.restarts, **restarts}, unhealthy_seconds={**self.unhealthy_seconds, **seconds}
        )

    def with_restart(self, service: str, kind: str) -> "Totals":
        """Count one restart."""
        counted = dict(self.restarts.get(service, {}))
        counted[kind] = counted.get(kind, 0) + 1
        return replace(self, restarts={**self.restarts, service: counted})

    def with_spell(self, service: str, seconds: float) -> "Totals":
        """Add a spell of sickness that is over."""
        total = self.unhealthy_seconds.get(service, 0.0) + max(seconds, 0.0)
        return replace(self, unhealthy_seconds={**self.unhealthy_seconds, service: total})
