"""A requirement as data: what is claimed, why it matters, and the rules that prove it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path


class Reading(StrEnum):
    """What a health route is to say: whether the service can do its work, or only that it is there to be asked."""

    READINESS = "readiness"
    LIVENESS = "liveness"


@dataclass(frozen=True)
class Rule:
    """One sentence that observations can contradict."""

    name: str
    wording: str


@dataclass(frozen=True)
class Reference:
    """Where others say the same."""

    title: str
    url: str | None = None


@dataclass(frozen=True, kw_only=True)
class Requirement:
    """One folder with a `requirement.toml`; `package` is the name under which Python imports what stands in it."""

    id: str
    title: str
    wording: str
    why: str
    references: tuple[Reference, ...] = ()
    rules: tuple[Rule, ...] = ()
    folder: Path
    package: str
