"""Many faults on random services: what is to happen, what was seen, and what that amounts to."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from random import Random
from statistics import median

from checks.campaigns.fault_matrix.matrix import FAULTS, WORDS, Fault, Seen
from checks.campaigns.soak.folder import PLAN, SoakFolder
from checks.core.codec import read_as
from checks.core.registry import judge
from checks.core.run import Run
from checks.core.verdict import Verdict
from checks.requirements.r9_self_healing.judge.healing import Comeback, Healing

WRONG = frozenset(  # the rules that object to a restart that nobody should have had
    {"others-left-alone", "stop-left-alone", "pause-left-alone", "stall-left-alone", "dependent-left-alone"}
)


@dataclass(frozen=True, kw_only=True)
class FaultPlan:
    """What is to happen; the seed decides which faults, in which order, and to whom."""

    seed: int
    faults: int


@dataclass(frozen=True, kw_only=True)
class FaultStep:
    """One fault; `chance` is the seed that decides whom it befalls, out of those that it can."""

    number: int
    fault: Fault
    chance: int


@dataclass(frozen=True, kw_only=True)
class Suffered:
    """One fault that happened: what became of it, who was unwell when all had settled, and what it cost.

    `acknowledged` writes went through the api meanwhile; `lost` are those of them, and of a sample of earlier ones,
    that did not read back.
    """

    time: str
    step: FaultStep
    service: str
    seen: Seen
    unwell: tuple[str, ...]
    acknowledged: int
    lost: tuple[str, ...]
    took: float  # seconds, all in all

    @property
    def wrong(self) -> tuple[str, ...]:
        """What was restarted and should not have been, in words."""
        return tuple(f"{one.rule}: {one.seen}" for one in judge(self.seen) if one.rule in WRONG)

    @property
    def not_healed(self) -> tuple[str, ...]:
        """What else did not go as it should."""
        return tuple(f"{one.rule}: {one.seen}" for one in judge(self.seen) if one.rule not in WRONG)

    @property
    def healed_s(self) -> float | None:
        """Seconds from the fault to healthy again, where it came to that."""
        if isinstance(self.seen, Healing | Comeback) and "recover" in self.seen.phases:
            return sum(self.seen.phases.values())
        return None

    def __str__(self) -> str:
        return f"fault {self.step.number}, {self.service}, {WORDS[self.step.fault]}"


@dataclass(frozen=True, kw_only=True)
class FaultSoak:
    """Everything that a folder holds."""

    run: Run
    plan: FaultPlan
    suffered: tuple[Suffered, ...]

    @property
    def left(self) -> tuple[FaultStep, ...]:
        return steps(self.plan)[len(self.suffered) :]

    @property
    def lost(self) -> int:
        return sum(len(one.lost) for one in self.suffered)

    @property
    def wrong(self) -> int:
        return sum(len(one.wrong) for one in self.suffered)

    def __str__(self) -> str:
        acknowledged = sum(one.acknowledged for one in self.suffered)
        return (
            f"{len(self.suffered)} faults, {self.wrong} wrong restarts, "
            f"{self.lost:,} of {acknowledged:,} acknowledged writes lost"
        )


def steps(plan: FaultPlan) -> tuple[FaultStep, ...]:
    """Faults in an order that the seed decides: each as often as the others, give or take one."""
    chance = Random(plan.seed)  # noqa: S311 - not for secrets
    faults = [FAULTS[number % len(FAULTS)] for number in range(plan.faults)]
    chance.shuffle(faults)
    return tuple(
        FaultStep(number=number, fault=fault, chance=chance.getrandbits(32)) for number, fault in enumerate(faults, 1)
    )


def concluded(soak: FaultSoak) -> tuple[Verdict, tuple[str, ...]]:
    """What a soak amounts to, and why."""
    if against := [f"{one}: {told}" for one in soak.suffered for told in _against(one)]:
        return Verdict.VIOLATED, tuple(against)
    doubts = list(soak.run.problems)
    if soak.left:
        doubts.append(f"{len(soak.suffered)} of {soak.plan.faults} faults happened")
    elif not any(one.acknowledged for one in soak.suffered):  # nothing was tried, so nothing was proven
        doubts.append("no write was acknowledged meanwhile")
    return (Verdict.UNDECIDED if doubts else Verdict.PROVEN), tuple(doubts)


def _against(one: Suffered) -> Iterable[str]:
    yield from one.wrong
    yield from one.not_healed
    if one.unwell:
        yield f"not healthy when all should have settled: {', '.join(one.unwell)}"
    if one.lost:
        yield f"{len(one.lost)} acknowledged writes lost: {', '.join(one.lost[:5])}"


def as_markdown(soak: FaultSoak) -> str:
    """A row per kind of fault, and why the verdict is what it is."""
    verdict, reasons = concluded(soak)
    lines = [
        f"# Soak: {verdict}", "", f"{soak}; seed {soak.plan.seed}, engine {soak.run.engine}.", "",
        "| fault | times | healed in s, median (longest) | wrong restarts | writes lost |", "|---|---|---|---|---|",
    ]  # fmt: skip
    for fault in FAULTS:
        of_it = [one for one in soak.suffered if one.step.fault == fault]
        healed = [one.healed_s for one in of_it if one.healed_s is not None]
        told = f"{median(healed):.1f} ({max(healed):.1f})" if healed else "-"
        wrong, lost = sum(len(one.wrong) for one in of_it), sum(len(one.lost) for one in of_it)
        lines.append(f"| {WORDS[fault]} | {len(of_it)} | {told} | {wrong} | {lost} |")
    return "\n".join([*lines, "", *(f"- {reason}" for reason in (*reasons, *soak.run.notes))]) + "\n"


class FaultFolder(SoakFolder):
    """The evidence of faults."""

    prefix = "soak-faults"

    def soak(self) -> FaultSoak:
        """All that is there; raises UnfitError where it is not of this plan."""
        plan = read_as(FaultPlan, (self.path / PLAN).read_text("utf-8"))
        return FaultSoak(run=self.run, plan=plan, suffered=self._so_far(Suffered, steps(plan)))


def is_of_faults(path: Path) -> bool:
    """Whether the folder of an earlier soak is one of faults."""
    return '"faults"' in (path / PLAN).read_text("utf-8")
