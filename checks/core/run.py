"""What is known of a run, as it stands in its folder."""

import platform
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, TypedDict

from checks.core.pressure import Pressure
from checks.core.tier import Tier
from checks.core.waiver import Waiver

FORMAT = 3
RUN, OBSERVATIONS, OUTCOMES, SUMS = "run.json", "observations.jsonl", "outcomes.jsonl", "SHA256SUMS"


class Kind(StrEnum):
    """A check looks at the subject; a mutation breaks one thing and looks whether a check would notice."""

    CHECK = "check"
    MUTATION = "mutation"


class Ending(StrEnum):
    """How a check ended. Only a failed assertion in the check itself is a violation."""

    PASSED = "passed"
    VIOLATED = "violated"
    CRASHED = "crashed"
    OUT_OF_TIME = "out of time"
    """A limit of our own ran out: of a probe, of a client, of a wait."""
    SKIPPED = "skipped"
    NOT_APPLICABLE = "not applicable"


@dataclass(frozen=True, kw_only=True)
class Image:
    """An image that the run used, and where it came from."""

    name: str
    digest: str
    source: str


@dataclass(frozen=True, kw_only=True)
class Planned:
    """A check or mutation that was selected for the run; `objects` is the rule that must notice a mutation."""

    name: str
    requirement: str
    kind: Kind
    objects: str | None = None
    tier: Tier | None = None  # of a check


@dataclass(frozen=True, kw_only=True)
class Attempt:
    """A try that decided nothing, since the machine starved."""

    outcome: Ending
    reason: str | None
    seconds: float
    setup_seconds: float
    pressure: Pressure | None


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """How one planned check ended in its last try, and how long that and its set-up took."""

    name: str
    requirement: str
    kind: Kind
    objects: str | None = None
    outcome: Ending
    seconds: float
    setup_seconds: float = 0.0
    reason: str | None = None
    start: str | None = None  # when its set-up began
    worker: str | None = None  # of pytest-xdist, `gw0`
    waiting_seconds: float = 0.0  # of `seconds`, spent in stack.waiting
    pressure: Pressure | None = None  # what the machine did from its set-up to its end
    earlier: tuple[Attempt, ...] = ()

    @property
    def took(self) -> float:
        """Seconds, its set-up included."""
        return self.setup_seconds + self.seconds


@dataclass(frozen=True, kw_only=True)
class Record:
    """One observation as it was stored; `kind` is the name of its class."""

    time: str
    name: str
    requirement: str
    mutation: bool
    kind: str
    data: dict[str, Any]
    attempt: int = 1


@dataclass(frozen=True, kw_only=True)
class Run:
    """What is known of a run. `problems` keep it from being proven; `notes` do not."""

    start: str
    format: int = FORMAT
    end: str | None = None
    subject: str | None = None
    commit: str | None = None
    engine: str | None = None
    compose: str | None = None
    buildx: str | None = None
    inputs: Mapping[str, str] = field(default_factory=dict)  # {what the run depends on: its version or digest}
    depends: Mapping[str, str] = field(
        default_factory=dict
    )  # {requirement: a digest of all that its verdict depends on}
    services: Mapping[str, str] = field(default_factory=dict)  # {role: service of the subject}
    images: tuple[Image, ...] = ()
    python: str = field(default_factory=platform.python_version)
    platform: str = field(default_factory=platform.platform)
    planned: tuple[Planned, ...] = ()
    left_out: tuple[Planned, ...] = ()
    waivers: tuple[Waiver, ...] = ()
    problems: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    pressure: Pressure | None = None


class Known(TypedDict, total=False):
    """What the caller knows of a run and the folder cannot know by itself."""

    subject: str
    commit: str
    engine: str
    compose: str
    buildx: str
    inputs: Mapping[str, str]
    depends: Mapping[str, str]
    services: Mapping[str, str]
    images: tuple[Image, ...]
    pressure: Pressure
    waivers: tuple[Waiver, ...]


def now() -> str:
    """Give the time in UTC, to the millisecond."""
    return timestamp(datetime.now(UTC))


def timestamp(at: datetime) -> str:
    """Write a time of UTC to the millisecond."""
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
