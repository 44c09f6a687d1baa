"""What is asked of a stack whose power was cut."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from checks.core.registry import judges
from checks.core.verdict import Violation

RULE = "power-cut-keeps"
AT_LEAST = {"redis": 200, "api": 10}  # acknowledged writes before a cut, through each
AT_LEAST_LARGE = 8
BACK_SECONDS = 30.0
NOT_SHOWN = "Not shown: that a given disk, controller or cloud volume keeps what it says is flushed"
MOST_TRIES = 10
TRIES = 3  # a control may be cut right after the one fsync of its second


class Moment(StrEnum):
    """What Redis is doing when the power goes."""

    WRITING = "writing"  # and the api goes as well: what it has only in memory does not come back
    PIPELINE = "answering pipelines"
    LARGE = "writing large values"
    REWRITE = "rewriting the append-only file"
    STOPPING = "stopping"
    STARTING = "just started"


@dataclass(frozen=True, kw_only=True)
class Cut:
    """One power cut: what had been acknowledged by then, and what was there when Redis was back."""

    moment: Moment
    in_the_middle: bool  # Redis was there, and doing that, until the cut
    through_redis: int  # acknowledged writes
    through_api: int
    back: bool  # Redis started by itself, a new write was kept, and every service is healthy
    lost: int
    lost_through_api: int
    some_lost: tuple[str, ...]
    seconds: float  # from the cut until all was counted


@dataclass(frozen=True, kw_only=True)
class PowerCuts:
    """Power cuts of the subject as it is, and then of the same stack under other policies (`appendfsync`)."""

    policy: str  # as CONFIG GET tells it
    cuts: tuple[Cut, ...]
    controls: Mapping[str, tuple[Cut, ...]]


@judges(PowerCuts)
def power_cut_violations(seen: PowerCuts) -> list[Violation]:
    if not seen.cuts:  # nothing was tried, so nothing was proven
        return [Violation(RULE, seen="no power cut", wanted="some")]
    return [violation for cut in seen.cuts for violation in _of(cut)]


def _of(cut: Cut) -> list[Violation]:
    acknowledged = cut.through_redis + cut.through_api
    if not cut.in_the_middle or min(cut.through_redis, cut.through_api) == 0:
        told = f"{cut.through_redis} and {cut.through_api} writes acknowledged, Redis at work: {cut.in_the_middle}"
        wanted = "writes through Redis and the api, and a cut while it is at work"
        return [Violation(RULE, seen=told, wanted=wanted, late=True)]
    if cut.lost:
        told = f"{cut.lost} of {acknowledged} lost when the power went while {cut.moment}: {', '.join(cut.some_lost)}"
        return [Violation(RULE, seen=told, wanted="none lost")]
    if not cut.back:
        told = f"not back {BACK_SECONDS:.0f} s after the power went while {cut.moment}"
        return [Violation(RULE, seen=told, wanted="started by itself, healthy, and storing", late=True)]
    return []
