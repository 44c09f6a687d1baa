"""Made-up observations, and runs that stored them: a passing one and its failing twin."""

from dataclasses import dataclass, replace

from checks.core.codec import as_data
from checks.core.pressure import Pressure
from checks.core.registry import judges
from checks.core.run import Attempt, Ending, Image, Kind, Outcome, Planned, Record, Run
from checks.core.stored import Stored
from checks.core.tier import Tier
from checks.core.verdict import Violation
from checks.core.waiver import Waiver


@dataclass(frozen=True, kw_only=True)
class SampleKept:
    written: tuple[str, ...]
    read_back: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class SampleHealed:
    service: str
    healthy: bool
    phases: dict[str, float]
    bound_s: float | None = None


@judges(SampleKept)
def kept_violations(seen: SampleKept) -> list[Violation]:
    if not seen.written:
        raise ValueError("nothing was written")
    if seen.read_back == seen.written:
        return []
    return [Violation("restart-keeps", seen=seen.read_back, wanted=seen.written)]


@judges(SampleHealed)
def healed_violations(seen: SampleHealed) -> list[Violation]:
    found = []
    if not seen.healthy:
        found.append(Violation("healthy-again", seen=seen.healthy, wanted=True))
    if seen.bound_s and seen.phases["detect"] > seen.bound_s:
        found.append(Violation("found-unhealthy", seen=seen.phases["detect"], wanted=seen.bound_s))
    return found


KEPT = SampleKept(written=("one", "two"), read_back=("one", "two"))
LOST = SampleKept(written=("one", '<script>alert("|")</script>'), read_back=("one",))
HEALED = SampleHealed(service="api", healthy=True, phases={"detect": 4.1, "restart": 1.2, "recover": 2.3}, bound_s=9.0)
FROZEN = SampleHealed(service="redis", healthy=False, phases={"detect": 12.5}, bound_s=9.0)

QUIET = Pressure(seconds=7.0, cpu=0.1, memory=0.0, io=0.02, steal=0.0, delay_s=0.01, throttled=None)
STARVED = replace(QUIET, cpu=0.82)

R3, R6, R9 = (f"checks/requirements/{one}" for one in ("r3_durability", "r6_metrics", "r9_self_healing"))


def exercised(name: str, requirement: str) -> Planned:
    return Planned(name=name, requirement=requirement, kind=Kind.CHECK, tier=Tier.EXERCISED)


KEEPS = exercised(f"{R3}/test_exercised.py::test_value_survives_restart", "R3")
DOWN_UP_KEEPS = exercised(f"{R3}/test_exercised.py::test_value_survives_down_and_up", "R3")
LOSING_IT = Planned(
    name=f"{R3}/test_mutations.py::test_losing_the_value_is_noticed",
    requirement="R3",
    kind=Kind.MUTATION,
    objects="restart-keeps",
)
HEALS = exercised(f"{R9}/test_exercised.py::test_frozen_service_is_restarted[api]", "R9")
TARGET_UP = Planned(
    name=f"{R6}/test_running.py::test_target_is_up", requirement="R6", kind=Kind.CHECK, tier=Tier.RUNNING
)

RUN = Run(
    start="2026-11-23T20:15:00.000Z",
    end="2026-11-23T20:16:02.500Z",
    subject="stack/compose.yaml",
    commit="0123abc",
    engine="26.1.5",
    compose="2.26.1",
    buildx="0.13.1",
    images=(Image(name="redis:8", digest="sha256:" + "ab" * 32, source="built from distribution packages"),),
    python="3.11.2",
    platform="Linux",
)


def outcome(
    planned: Planned,
    ending: Ending = Ending.PASSED,
    reason: str | None = None,
    *,
    at: str = "20:15:02",
    on: str = "gw0",
    took: float = 7.6,
) -> Outcome:
    return Outcome(
        name=planned.name,
        requirement=planned.requirement,
        kind=planned.kind,
        objects=planned.objects,
        outcome=ending,
        seconds=took,
        setup_seconds=3.25,
        reason=reason,
        start=f"2026-11-23T{at}.000Z",
        worker=on,
        waiting_seconds=min(4.5, took),
    )


def record(planned: Planned, observation: object) -> Record:
    return Record(
        time="2026-11-23T20:15:30.000Z",
        name=planned.name,
        requirement=planned.requirement,
        mutation=planned.kind is Kind.MUTATION,
        kind=type(observation).__name__,
        data=as_data(observation),
    )


STARVED_FIRST = Attempt(
    outcome=Ending.OUT_OF_TIME,
    reason="in setup: error: stack `checks-4f1a` was not healthy",
    seconds=0.0,
    setup_seconds=60.4,
    pressure=STARVED,
)

PASSING = Stored(
    run=replace(RUN, pressure=QUIET, planned=(KEEPS, LOSING_IT, HEALS)),
    outcomes=(outcome(KEEPS), outcome(LOSING_IT, on="gw1"), outcome(HEALS, at="20:15:20")),
    records=(record(KEEPS, KEPT), record(LOSING_IT, LOST), record(HEALS, HEALED)),
)

LATER = exercised(f"{R9}/test_exercised.py::test_frozen_service_is_restarted[redis]", "R9")
WAIVED = Stored(  # of two rules one is set aside, of a third no more; a fourth is kept, and a check does not apply
    run=replace(
        RUN,
        planned=(KEEPS, HEALS, TARGET_UP, LATER),
        waivers=(
            Waiver(rule="restart-keeps", reason="the <disk> is replaced next week", until="2026-11-23"),
            Waiver(rule="found-unhealthy", reason="was slow", until="2026-11-22"),
            Waiver(rule="healthy-again", reason="not needed | any more", until="2027-01-31"),
        ),
    ),
    outcomes=(
        outcome(KEEPS, Ending.VIOLATED, "assert [Violation(...)] == []"),
        outcome(HEALS, at="20:15:20"),
        outcome(TARGET_UP, Ending.NOT_APPLICABLE, "the platform scrapes it", at="20:15:40"),
        outcome(LATER, at="20:15:50"),
    ),
    records=(record(KEEPS, LOST), record(HEALS, HEALED), record(LATER, HEALED)),
)

FAILING = Stored(
    run=replace(
        RUN,
        pressure=STARVED,
        planned=(KEEPS, LOSING_IT, HEALS, TARGET_UP),
        problems=("a secret of the run stands in `logs/api.log`",),
        notes=("a secret shorter than 8 characters was neither hidden nor searched for",),
        left_out=(DOWN_UP_KEEPS,),
    ),
    outcomes=(
        outcome(KEEPS, Ending.VIOLATED, "assert [Violation(...)] == []"),
        outcome(LOSING_IT, on="gw1"),
        replace(
            outcome(HEALS, Ending.VIOLATED, "assert [Violation(...)] == []", at="20:15:20"),
            pressure=QUIET,
            earlier=(STARVED_FIRST,),
        ),
        outcome(
            TARGET_UP,
            Ending.CRASHED,
            "in setup: the \x1b[31mengine\x1b[0m did not answer | <b>retry</b>",
            at="20:15:40",
        ),
    ),
    records=(record(KEEPS, LOST), record(LOSING_IT, KEPT), replace(record(HEALS, FROZEN), attempt=2)),
)
