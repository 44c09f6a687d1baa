"""Health checks and restart policies as data, and the times that they declare."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

SEARCH_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"  # what Docker gives an image without one
DEFAULT_NANOSECONDS = {"Interval": 30e9, "Timeout": 30e9, "StartPeriod": 0.0, "StartInterval": 5e9}
DEFAULT_RETRIES = 3
FIRST_DELAY, LONGEST_DELAY = 0.1, 60.0  # of restart policies; it doubles with each restart


@dataclass(frozen=True, kw_only=True)
class HealthCheck:
    """A health check as the engine has it, times in seconds; `test` is empty where there is none, and every time 0."""

    test: tuple[str, ...] = ()
    interval: float = 0.0
    timeout: float = 0.0
    start_period: float = 0.0
    start_interval: float = 0.0
    retries: int = 0

    @property
    def detection_bound(self) -> float:
        """Seconds in which Docker, by these settings, finds a failure.

        A failure right after a probe is met by the next `retries` probes, each an interval later and up to a timeout
        long (Dockerfile reference, HEALTHCHECK).
        """
        return (self.interval + self.timeout) * self.retries

    @property
    def first_probe_bound(self) -> float:
        """Seconds after a start in which this health check answers once."""
        return (self.start_interval if self.start_period else self.interval) + self.timeout

    def program(self, search_path: str = SEARCH_PATH) -> tuple[str, ...]:
        """Where the program that it starts may be, by the PATH of its container; empty where there is none."""
        if not self.test:
            return ()
        if self.test[0] == "CMD-SHELL":
            return ("/bin/sh",)
        if "/" in self.test[1]:
            return (self.test[1],)
        return tuple(f"{folder}/{self.test[1]}" for folder in search_path.split(":"))


def read(inspected: Mapping[str, Any] | None) -> HealthCheck:
    """What `docker inspect` says under `Config.Healthcheck`, with Docker's defaults for what it leaves open."""
    if not inspected or not inspected.get("Test") or inspected["Test"] == ["NONE"]:
        return HealthCheck()
    seconds = {name: (inspected.get(name) or default) / 1e9 for name, default in DEFAULT_NANOSECONDS.items()}
    return HealthCheck(
        test=tuple(inspected["Test"]),
        interval=seconds["Interval"],
        timeout=seconds["Timeout"],
        start_period=seconds["StartPeriod"],
        start_interval=seconds["StartInterval"],
        retries=inspected.get("Retries") or DEFAULT_RETRIES,
    )


@dataclass(frozen=True, kw_only=True)
class RestartPolicy:
    """What Docker does when a main process ends: 'no', 'on-failure', 'always' or 'unless-stopped'."""

    name: str
    restarts: int = 0

    def delay_bound(self, *, after: int = 0) -> float:
        """Seconds for which it holds the next restart back, at most; or after so many more.

        They are 0.1 and double with each restart up to 60; a run of 10 s resets them (Docker: restart policies).
        """
        return min(FIRST_DELAY * float(2 ** min(self.restarts + after, 10)), LONGEST_DELAY)
