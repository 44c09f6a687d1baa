"""Decides what becomes of a container: restart it, wait, or leave it alone. Pure; the clock is passed in.

Health states race: whoever depends on a sick service is often reported unhealthy before that service is. So a dependent
is restarted only once each of its dependencies has passed a probe that began after the dependent's own trouble, or
has had its whole detection window in which to be found out.
"""

import math
from dataclasses import dataclass, field, replace

from stack.healer.budget import Budget
from stack.healer.container import DEFAULT_STOP_SECONDS, Container, Probe
from stack.healer.lateness import Lateness
from stack.healer.peers import TELLING
from stack.healer.settings import Settings

DOUBT_SECONDS = 0.5  # from one look at the probes of a dependency to the next: nobody reports one that passes
STARVED_LOOK_SECONDS = 2  # nor is a probe that fails, once the verdict is given
PEERS_LOOK_SECONDS = 10  # at all the others as well, by an engine that has little to spare
LONGER_SECONDS = 30  # beyond its stop time: `docker stop --time` may give it longer than it asks for


@dataclass(frozen=True, kw_only=True)
class Dependency:
    """A service that somebody depends on, and every container it has."""

    service: str
    replicas: tuple[Container, ...] = ()

    @property
    def up(self) -> bool:
        """One replica that is well can serve."""
        return any(replica.well for replica in self.replicas)

    @property
    def condition(self) -> str:
        """Why it is not up, in half a sentence."""
        return ", ".join(sorted({replica.condition for replica in self.replicas})) or "absent"


@dataclass(frozen=True, kw_only=True)
class Case:
    """A container in trouble, and those it depends on, looked at together."""

    patient: Container
    dependencies: tuple[Dependency, ...] = ()
    lateness: Lateness | None = None  # that the machine is to blame for


@dataclass(frozen=True, kw_only=True)
class Memory:
    """What has to be remembered of a container from one look to the next; times are of a monotonic clock."""

    started_at: str = ""  # of the run that the next three are about
    sick_since: float | None = None
    blocked: bool = False  # a dependency is, or was when last seen, down
    grace_from: float | None = None  # something else has just got well: it has one window to recover by itself
    gave_way: bool = False  # restarted although its dependency was down; not again before that is up
    restarts: int = 0  # in a row, with no steady run between them
    tried_at: float = -math.inf
    asked_to_end_at: float = -math.inf  # by somebody else; seconds since the epoch, as the engine tells them
    hands_off_until: float = -math.inf  # unless it has been started since


@dataclass(frozen=True, kw_only=True)
class Leave:
    """Nothing to do."""

    reason: str


@dataclass(frozen=True, kw_only=True)
class Wait:
    """Look again at that time, or when something happens; `kind` is one of few words for the reason."""

    until: float
    reason: str
    kind: str = field(default="", compare=False)
    topic: str = field(default="", compare=False)  # told once for each: the reason, unless that has figures in it


@dataclass(frozen=True, kw_only=True)
class Restart:
    """Now."""

    reason: str
    gave_way: bool = False
    lost_patience: bool = False  # with a machine that starves

    @property
    def kind(self) -> str:
        """One of few words for it."""
        return "patience" if self.gave_way or self.lost_patience else "unhealthy"


Decision = Leave | Wait | Restart


def decide(case: Case, memory: Memory, now: float, settings: Settings) -> Decision:
    """Judge a case that `remember` has just taken in."""
    if excuse := untouchable(case.patient):
        return Leave(reason=excuse)
    return (
        in_others_hands(case.patient, memory, now)
        or _blocked(case, memory, now, settings)
        or _in_doubt(case, memory, now, settings)
        or _recovering(case, memory, now)
        or _starved(case, memory, now, settings)
        or _backing_off(memory, now, settings)
        or _restart(case)
    )


def finish(memory: Memory, now: float, settings: Settings) -> Wait | Restart:
    """Judge a container that a restart of ours took down and did not bring up again."""
    half_way = "stopped by a restart that failed half-way"
    if wait := _backing_off(memory, now, settings):
        return replace(wait, reason=f"{half_way}; {wait.reason}")
    return Restart(reason=half_way)


def out_of_budget(budget: Budget, now: float, settings: Settings) -> Wait | None:
    """Hold a restart back where the whole stack has had as many as it may have."""
    if budget.left(now, settings) >= 1:
        return None
    reason = (
        f"the budget of restarts is used up: {settings.budget_restarts:g} for the whole stack, "
        f"and one more every {settings.budget_refill_seconds:g} s"
    )
    return Wait(until=budget.next_at(now, settings), reason=reason, kind="budget")


def untouchable(patient: Container) -> str:
    """Say why a container must not be restarted, or nothing."""
    if patient.oneoff:
        return "one-off container"
    if patient.status != "running":  # stopped, killed or paused: by hand, or the restart policy's business
        return patient.status
    return "" if patient.health == "unhealthy" else f"health is {patient.health}"


def changed(judged: Container, fresh: Container) -> str:
    """Say why a judgement no longer holds, or nothing."""
    if fresh.project != judged.project:
        return "another project's container"
    if fresh.started_at != judged.started_at:
        return "restarted meanwhile"
    return untouchable(fresh)


def remember(memory: Memory, case: Case, now: float, settings: Settings) -> Memory:
    """Take in what is seen now."""
    memory = _same_run(memory, case.patient, now, settings)
    if not all(dependency.up for dependency in case.dependencies):
        return replace(memory, blocked=True)
    if memory.blocked:
        return replace(memory, blocked=False, gave_way=False, grace_from=now)
    return replace(memory, gave_way=False)


def restarting(memory: Memory, decision: Restart, now: float) -> Memory:
    """Take in that a restart is about to be tried, whatever comes of it."""
    gave_way = memory.gave_way or decision.gave_way
    return replace(memory, restarts=memory.restarts + 1, tried_at=now, gave_way=gave_way)


def recovered(memory: Memory) -> Memory:
    """Take in that it was seen healthy: what comes next is a new spell of sickness."""
    return replace(memory, sick_since=None, blocked=False, grace_from=None, gave_way=False)


def resumed(memory: Memory, now: float) -> Memory:
    """Take in that a pause was ended by hand: a verdict from during the pause says nothing."""
    return replace(memory, started_at="", grace_from=now)  # whichever run it is that goes on


def asked_to_end(memory: Memory, patient: Container | None, at: float, now: float) -> Memory:
    """Take in that somebody else asked it to end: until its stop time and some more is over, it is theirs."""
    seconds = patient.stop_seconds if patient else DEFAULT_STOP_SECONDS
    return replace(memory, asked_to_end_at=at, hands_off_until=now + seconds + LONGER_SECONDS)


def out_of_patience(memory: Memory, now: float, settings: Settings) -> bool:
    """Tell whether a machine that starves has excused it for as long as is declared."""
    return now >= _sick_since(memory, now) + settings.starved_patience_seconds


def in_others_hands(patient: Container, memory: Memory, now: float) -> Wait | None:
    """Wait for whoever asked it to end, until it has ended or been started, or that is unlikely to happen."""
    if now >= memory.hands_off_until or patient.started > memory.asked_to_end_at:
        return None
    return Wait(until=memory.hands_off_until, reason="somebody else is stopping or restarting it", kind="others")


def delay(restarts: int, cap: float) -> float:
    """Reckon the seconds to hold back before the next restart: 0, 2, 4, 8 and so on up to the cap."""
    return float(min(2 ** min(restarts, 30), cap)) if restarts else 0.0


def _same_run(memory: Memory, patient: Container, now: float, settings: Settings) -> Memory:
    if memory.started_at == patient.started_at and memory.sick_since is not None:
        return memory
    grace = memory.grace_from if memory.started_at in ("", patient.started_at) else None
    restarts = 0 if _ran_steadily(patient, settings) else memory.restarts
    return replace(
        memory,
        started_at=patient.started_at,
        sick_since=now,
        blocked=False,
        grace_from=grace,
        restarts=restarts,
    )


def _ran_steadily(patient: Container, settings: Settings) -> bool:
    """Tell whether it ran for long enough before its trouble began."""
    if not patient.failures:
        return False
    return patient.failures[0].start - patient.started >= settings.backoff_reset_seconds


def _blocked(case: Case, memory: Memory, now: float, settings: Settings) -> Decision | None:
    down = [f"{one.service} is {one.condition}" for one in case.dependencies if not one.up]
    if not down:
        return None
    reason = f"dependency {' and '.join(down)}"
    if memory.gave_way:  # once is enough: only the dependency can help now
        return Wait(until=math.inf, reason=f"{reason}; a restart did not help", kind="dependency")
    patience_ends = _sick_since(memory, now) + settings.patience_seconds
    if now < patience_ends:
        return Wait(until=patience_ends, reason=reason, kind="dependency")
    return Restart(reason=f"patience is over, {reason}", gave_way=True)


def _in_doubt(case: Case, memory: Memory, now: float, settings: Settings) -> Wait | None:
    doubtful = [one for one in case.dependencies if not _acquitted(one, case.patient)]
    windows = [one.window for dependency in doubtful for one in (case.patient, *dependency.replicas)]
    until = _sick_since(memory, now) + min(max(windows, default=0), settings.patience_seconds)
    if now >= until:
        return None
    names = ", ".join(one.service for one in doubtful)
    return Wait(until=min(until, now + DOUBT_SECONDS), reason=f"may be the fault of {names}", kind="dependency")


def _acquitted(dependency: Dependency, patient: Container) -> bool:
    """Tell whether a dependency was well all the while that the patient was not."""
    if not patient.failures:
        return False
    return any(replica.well and _sound_since(replica, patient.failures[0]) for replica in dependency.replicas)


def _sound_since(replica: Container, trouble: Probe) -> bool:
    if replica.started >= trouble.start:  # back already, and the patient may not have noticed yet
        return False
    if replica.health == "none":  # nobody probes it: that it runs is all there is to know
        return True
    since = [probe for probe in replica.probes if probe.end >= trouble.start]
    return all(probe.passed for probe in since) and any(probe.start >= trouble.end for probe in since)


def _recovering(case: Case, memory: Memory, now: float) -> Wait | None:
    if memory.grace_from is None or now >= memory.grace_from + case.patient.window:
        return None
    until = memory.grace_from + case.patient.window
    return Wait(until=until, reason="may recover by itself now", kind="recovering")


def _starved(case: Case, memory: Memory, now: float, settings: Settings) -> Wait | None:
    """Wait for a probe that proves something, or for a quiet machine, unless what stands still needs neither."""
    late = case.lateness
    if late is None or late.halted:
        return None
    if late.peers is None:  # nobody else is looked at for as long as patience lasts
        ends = _sick_since(memory, now) + settings.starved_patience_seconds
        until = min(max(ends, now), now + STARVED_LOOK_SECONDS)
        return Wait(until=until, reason=late.reason, kind="starved", topic=f"starved, {late.process}")
    if late.peers.expected(now - _sick_since(memory, now)) >= TELLING:
        return None
    return Wait(until=now + PEERS_LOOK_SECONDS, reason=late.reason, kind="starved", topic="starved like the others")


def _restart(case: Case) -> Restart:
    if case.lateness is None:
        return Restart(reason="unhealthy")
    if case.lateness.halted:
        return Restart(reason=f"unhealthy, and its main process is {case.lateness.process}")
    return Restart(reason=f"patience is over, {case.lateness.reason}", lost_patience=True)


def _backing_off(memory: Memory, now: float, settings: Settings) -> Wait | None:
    pause = delay(memory.restarts, settings.backoff_cap_seconds)
    until = max(_sick_since(memory, now), memory.tried_at) + pause
    if now >= until:
        return None
    reason = f"back-off of {pause:g} s, restarts in a row: {memory.restarts}"
    return Wait(until=until, reason=reason, kind="back-off")


def _sick_since(memory: Memory, now: float) -> float:
    return now if memory.sick_since is None else memory.sick_since
