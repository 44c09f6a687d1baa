"""The result of a run: every output is a view of this."""

from dataclasses import dataclass
from typing import Literal, TypedDict

from checks.core.catalog import Catalog
from checks.core.pressure import Pressure
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
    pressure: Pressure | None


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
    waived: tuple[str, ...]  # the rules of its violations that are set aside
    pressure: Pressure | None = None
    first_try: str | None = None  # what came of it, where a second one was made


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
    pressure: Pressure | None = None
    first_try: str | None = None


@dataclass(frozen=True, kw_only=True)
class JudgedRule:
    """What is said of one rule, and the tier that says so; None where nothing was decided."""

    name: str
    verdict: Verdict
    tier: Tier | None


@dataclass(frozen=True, kw_only=True)
class JudgedRequirement:
    """A requirement with what was judged of it."""

    id: str
    title: str
    verdict: Verdict
    note: str | None
    checks: tuple[JudgedCheck, ...]
    mutations: tuple[JudgedMutation, ...]
    rules: tuple[JudgedRule, ...] = ()


@dataclass(frozen=True, kw_only=True)
class JudgedWaiver:
    """A rule that the subject's owner set aside, and what came of that in this run."""

    rule: str
    reason: str
    until: str
    state: Literal["counts", "expired", "unused"]


@dataclass(frozen=True, kw_only=True)
class Result:
    """The result of a run. Every output is a view of this; `reasons` say what keeps it from being proven."""

    catalog: Catalog
    verdict: Verdict
    reasons: tuple[str, ...]
    run: Run | None
    requirements: tuple[JudgedRequirement, ...]
    records: tuple[Record, ...]
    waivers: tuple[JudgedWaiver, ...] = ()
