"""The result of a run: every output is a view of this."""

from dataclasses import dataclass
from typing import TypedDict

from checks.core.catalog import Catalog
from checks.core.run import Record, Run
from checks.core.tier import Tier
from checks.core.verdict import Verdict, Violation


class Timing(TypedDict):
    """When and where a test ran, and for how long; zero where the run ended before it did."""

    seconds: float
    setup_seconds: float
    waiting_seconds: float
    start: str | None
    worker: str | None


@dataclass(frozen=True, kw_only=True)
class JudgedCheck:
    """A check, as its observations say."""

    name: str
    tier: Tier | None
    verdict: Verdict
    reason: str | None
    seconds: float
    setup_seconds: float
    waiting_seconds: float
    start: str | None
    worker: str | None
    violations: tuple[Violation, ...]


@dataclass(frozen=True, kw_only=True)
class JudgedMutation:
    """A mutation, and whether the rule that it breaks objected, and no other."""

    name: str
    objects: str | None
    noticed: bool
    reason: str | None
    seconds: float
    setup_seconds: float
    waiting_seconds: float
    start: str | None
    worker: str | None


@dataclass(frozen=True, kw_only=True)
class JudgedRequirement:
    """A requirement with what was judged of it."""

    id: str
    title: str
    verdict: Verdict
    note: str | None
    checks: tuple[JudgedCheck, ...]
    mutations: tuple[JudgedMutation, ...]


@dataclass(frozen=True, kw_only=True)
class Result:
    """The result of a run. Every output is a view of this; `reasons` say what keeps it from being proven."""

    catalog: Catalog
    verdict: Verdict
    reasons: tuple[str, ...]
    run: Run | None
    requirements: tuple[JudgedRequirement, ...]
    records: tuple[Record, ...]
