"""Many power cuts and kills: what is to happen, what was seen, and what that amounts to."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from random import Random
from statistics import median

from checks.campaigns.soak.folder import PLAN, SoakFolder
from checks.core.codec import read_as
from checks.core.run import Run
from checks.core.verdict import Verdict
from checks.requirements.r3_durability.judge.power_cut import BACK_SECONDS, Cut, Moment

POLICIES = ("everysec", "no")
CONTROL_CUTS = 10
LONGEST = 0.3  # seconds under load, beyond what every cut waits for


class Kind(StrEnum):
    """What happens to Redis."""

    CUT = "power cut"
    KILL = "SIGKILL"


MOMENTS = {
    Kind.CUT: tuple(Moment),
    Kind.KILL: tuple(moment for moment in Moment if moment is not Moment.STOPPING),  # which asks first, and then cuts
}


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What is to happen; the seed decides in which order and when."""

    seed: int
    cuts: int
    kills: int
    control_cuts: int = CONTROL_CUTS  # under each other policy


@dataclass(frozen=True, kw_only=True)
class Step:
    """One thing that is to happen; under the subject's own policy where none is given."""

    number: int
    kind: Kind
    policy: str
    moment: Moment
    longer: float  # seconds


@dataclass(frozen=True, kw_only=True)
class Outage:
    """One thing that happened, and what it cost: of what was just written, and of a sample of what was before."""

    time: str
    step: Step
    appendfsync: str  # as CONFIG GET told it just before
    seen: Cut
    looked_at_again: int
    lost_later: tuple[str, ...]
    took: float  # seconds, all in all

    @property
    def acknowledged(self) -> int:
        return self.seen.through_redis + self.seen.through_api

    @property
    def lost(self) -> int:
        return self.seen.lost + len(self.lost_later)


@dataclass(frozen=True, kw_only=True)
class Row:
    """Outages of one kind, added up."""

    label: str
    outages: tuple[Outage, ...]

    @property
    def in_the_middle(self) -> int:
        return sum(one.seen.in_the_middle for one in self.outages)

    @property
    def acknowledged(self) -> int:
        return sum(one.acknowledged for one in self.outages)

    @property
    def through_api(self) -> int:
        return sum(one.seen.through_api for one in self.outages)

    @property
    def lost(self) -> int:
        return sum(one.lost for one in self.outages)

    @property
    def seconds(self) -> float:
        """The median of those from the outage until all was counted."""
        return median(one.seen.seconds for one in self.outages) if self.outages else 0.0

    @property
    def count(self) -> str:
        """'100 power cuts'."""
        kind = self.outages[0].step.kind if self.outages else "outage"
        return f"{len(self.outages)} {kind}{'' if len(self.outages) == 1 else 's'}"

    def __str__(self) -> str:
        return f"{self.count}, {self.lost:,} of {self.acknowledged:,} acknowledged writes lost"


@dataclass(frozen=True, kw_only=True)
class Soak:
    """Everything that a folder holds."""

    run: Run
    plan: Plan
    outages: tuple[Outage, ...]

    def of(self, kind: Kind, policy: str = "") -> Row:
        chosen = tuple(one for one in self.outages if (one.step.kind, one.step.policy) == (kind, policy))
        own = next((one.appendfsync for one in self.outages if not one.step.policy), "")
        return Row(label=policy or f"{own}, as the stack has it", outages=chosen)

    @property
    def left(self) -> tuple[Step, ...]:
        return steps(self.plan)[len(self.outages) :]

    @property
    def rows(self) -> tuple[Row, ...]:
        """The subject's power cuts, then those of each control."""
        return (self.of(Kind.CUT), *(self.of(Kind.CUT, policy) for policy in POLICIES))


def steps(plan: Plan) -> tuple[Step, ...]:
    """Power cuts and kills in an order, at moments and after times of load that the seed decides; then the controls."""
    chance = Random(plan.seed)  # noqa: S311 - not for secrets
    kinds = [Kind.CUT] * plan.cuts + [Kind.KILL] * plan.kills
    chance.shuffle(kinds)
    what = [(kind, "", chance.choice(MOMENTS[kind])) for kind in kinds]
    what += [(Kind.CUT, policy, Moment.WRITING) for policy in POLICIES for _ in range(plan.control_cuts)]
    return tuple(
        Step(number=number, kind=kind, policy=policy, moment=moment, longer=round(chance.uniform(0, LONGEST), 3))
        for number, (kind, policy, moment) in enumerate(what, 1)
    )


def concluded(soak: Soak) -> tuple[Verdict, tuple[str, ...]]:
    """What a soak amounts to, and why."""
    if against := [told for one in soak.outages if not one.step.policy for told in _against(one)]:
        return Verdict.VIOLATED, tuple(against)
    if doubts := [*soak.run.problems, *_doubts(soak)]:
        return Verdict.UNDECIDED, tuple(doubts)
    return Verdict.PROVEN, ()


def _against(one: Outage) -> Iterable[str]:
    what = f"{one.step.kind} {one.step.number} while {one.step.moment}"
    if one.seen.lost:
        yield f"{what}: {one.seen.lost} of {one.acknowledged} acknowledged writes lost: {', '.join(one.seen.some_lost)}"
    if one.lost_later:
        yield f"{what}: writes lost that earlier outages had left: {', '.join(one.lost_later[:5])}"
    if not one.seen.back:
        yield f"{what}: not back after {BACK_SECONDS:.0f} s"


def _doubts(soak: Soak) -> Iterable[str]:
    if soak.left:
        yield f"{len(soak.outages)} of {len(steps(soak.plan))} outages happened"
        return
    if not soak.of(Kind.CUT).in_the_middle:  # nothing was tried, so nothing was proven
        yield "no power cut met Redis at work"
    for policy in POLICIES:
        if not (row := soak.of(Kind.CUT, policy)).lost:
            yield f"under `appendfsync {policy}` {len(row.outages)} power cuts cost nothing either"


class OutageFolder(SoakFolder):
    """The evidence of power cuts and kills."""

    def soak(self) -> Soak:
        """All that is there; raises UnfitError where it is not of this plan."""
        plan = read_as(Plan, (self.path / PLAN).read_text("utf-8"))
        return Soak(run=self.run, plan=plan, outages=self._so_far(Outage, steps(plan)))
