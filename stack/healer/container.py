"""A container, as far as healing is concerned: what the engine's inspect says, in our words."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import takewhile
from typing import Any

NANOSECOND = 1e-9
DEFAULT_RETRIES = 3
DEFAULT_STOP_SECONDS = 10
LOG_LENGTH = 5  # as many probes as the engine remembers
OUTPUT_LIMIT = 200
# Docker gave up on a probe ("Health check exceeded timeout"), or whatever it asked with did (Python, curl, Go ...), or
# the service on what it asked itself (an error of `Proxy-Status`, RFC 9209).
RAN_OUT = re.compile(
    r"timed out|exceeded timeout|deadline exceeded|timeout exceeded|timeouterror|connection_(?:read_|write_)?timeout",
    re.IGNORECASE,
)
TIMEOUT_EXIT_CODE = 124  # of timeout(1)
# Nothing is lost while a dependency of the other kind, one that has to complete, is not running.
RUNNING_CONDITIONS = ("service_healthy", "service_started")


@dataclass(frozen=True, kw_only=True)
class Probe:
    """One run of a health check, times in seconds since the epoch."""

    start: float
    end: float
    passed: bool
    late: bool = False  # it failed, and only for want of time: it said nothing bad
    output: str = ""


@dataclass(frozen=True, kw_only=True)
class Container:
    """One container at one moment."""

    id: str
    project: str
    service: str
    directory: str = ""  # that its Compose project was started from
    oneoff: bool = False
    depends_on: tuple[str, ...] = ()
    status: str = "running"
    health: str = "none"
    started_at: str = ""
    finished_at: str = ""  # its last run; of one that runs, the run before
    pid: int = 0  # of its main process, as the engine numbers it
    window: float = 0  # seconds within which a fault turns into `unhealthy`
    retries: int = DEFAULT_RETRIES
    stop_seconds: float = DEFAULT_STOP_SECONDS  # what a person who stops it has to wait at most
    probes: tuple[Probe, ...] = ()

    @property
    def failures(self) -> tuple[Probe, ...]:
        """The failed probes since the last one that passed, oldest first."""
        return tuple(takewhile(lambda probe: not probe.passed, reversed(self.probes)))[::-1]

    @property
    def detect_seconds(self) -> float | None:
        """How long it took from the first failed probe to the verdict, where the log reaches back so far."""
        failures = self.failures
        if not self.retries <= len(failures) < LOG_LENGTH:
            return None
        return failures[self.retries - 1].end - failures[0].start

    @property
    def detected_at(self) -> float | None:
        """When the probe that decided ended, in seconds since the epoch; of a full log, the last one."""
        failures = self.failures
        if not failures:
            return None
        return failures[-1 if self.detect_seconds is None else self.retries - 1].end

    @property
    def fault(self) -> str:
        """What the last failed probe said."""
        return self.failures[-1].output if self.failures else ""

    @property
    def started(self) -> float:
        """When its present run began, in seconds since the epoch."""
        return _epoch(self.started_at)

    @property
    def finished(self) -> float:
        """When its last run ended, in seconds since the epoch; long ago where none has."""
        return _epoch(self.finished_at) if self.finished_at else 0.0

    @property
    def well(self) -> bool:
        """Runs, and its health check, if it has one, agrees."""
        return self.status == "running" and self.health in ("healthy", "none")

    @property
    def condition(self) -> str:
        """What is to be said of it in half a sentence."""
        return self.health if self.status == "running" else self.status


def read(inspected: dict[str, Any]) -> Container:
    """Read the answer of `GET /containers/{id}/json`; raises KeyError, TypeError or ValueError where it is none."""
    labels = inspected["Config"].get("Labels") or {}
    state = inspected["State"]
    health = state.get("Health") or {}
    healthcheck = inspected["Config"].get("Healthcheck") or {}
    return Container(
        id=inspected["Id"],
        project=labels.get("com.docker.compose.project", ""),
        service=labels.get("com.docker.compose.service", ""),
        directory=labels.get("com.docker.compose.project.working_dir", ""),
        oneoff=labels.get("com.docker.compose.oneoff", "").lower() == "true",
        depends_on=needed_services(labels.get("com.docker.compose.depends_on", "")),
        status=state["Status"],
        health=health.get("Status") or "none",
        started_at=state["StartedAt"],
        finished_at=state.get("FinishedAt") or "",
        pid=state.get("Pid") or 0,
        window=window(healthcheck),
        retries=healthcheck.get("Retries") or DEFAULT_RETRIES,
        stop_seconds=DEFAULT_STOP_SECONDS if (told := inspected["Config"].get("StopTimeout")) is None else told,
        probes=tuple(_probe(entry) for entry in health.get("Log") or ()),
    )


def needed_services(label: str) -> tuple[str, ...]:
    """Read `redis:service_healthy:false,other:service_started:true`: who has to be up all the time."""
    parts = [entry.split(":") for entry in label.split(",") if entry]
    return tuple(part[0] for part in parts if len(part) == 1 or part[1] in RUNNING_CONDITIONS)


def window(healthcheck: dict[str, Any]) -> float:
    """Reckon the longest time from a fault to the verdict; zero where nobody probes."""
    if (healthcheck.get("Test") or ["NONE"])[0] == "NONE":
        return 0
    interval = (healthcheck.get("Interval") or 30 / NANOSECOND) * NANOSECOND
    timeout = (healthcheck.get("Timeout") or 30 / NANOSECOND) * NANOSECOND
    retries = healthcheck.get("Retries") or DEFAULT_RETRIES
    return float((interval + timeout) * retries + timeout)


def _probe(entry: dict[str, Any]) -> Probe:
    return Probe(
        start=_epoch(entry["Start"]),
        end=_epoch(entry["End"]),
        passed=entry["ExitCode"] == 0,
        late=_ran_out(entry),
        output=" ".join(entry["Output"].split())[-OUTPUT_LIMIT:],  # what went wrong stands at the end
    )


def _ran_out(entry: Mapping[str, Any]) -> bool:
    """Tell whether an entry of the engine's log of probes is of one that ran out of time."""
    late = entry["ExitCode"] == TIMEOUT_EXIT_CODE or RAN_OUT.search(entry["Output"])
    return entry["ExitCode"] != 0 and bool(late)


def _epoch(moment: str) -> float:
    return datetime.fromisoformat(moment).timestamp()
