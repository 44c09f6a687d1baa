"""What is asked of a stack on a full disk."""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from checks.core.bounds import COMEBACK_SLACK
from checks.core.registry import judges
from checks.core.verdict import Violation

FULL_SECONDS = 3.0  # restarts are by then 1.6 s apart, and a tight loop has made dozens
AT_ONCE = 3.0  # seconds for an answer, as a client waits for it
FIRST_DELAY = 0.1  # of Docker's restart policies, which double it each time
BY_OTHERS = 2  # restarts that a healer may add meanwhile
SILENT = f"no answer within {AT_ONCE:.0f} s"


@dataclass(frozen=True, kw_only=True)
class Answers:
    """What writers were answered while the disk was full."""

    acknowledged: int
    refused: int  # an error of the 500s from the api; an error or a closed connection from Redis
    refusals: tuple[str, ...]  # some of them
    neither: tuple[str, ...]  # whatever else it was: another status, or nothing in time
    slowest: float


@dataclass(frozen=True, kw_only=True)
class FullDisk:
    """What came of writing to a disk that was full for some seconds.

    `phases` are seconds: from room again to Redis running anew, to all of the stack healthy and storing; one that was
    not reached is missing. `bound_s` is what the restart policy's delay and the first probes may take of them together.
    """

    disk: str  # its file system
    bytes_left: int
    through_redis: Answers
    through_api: Answers
    logged: tuple[str, ...]  # by Redis, of the reason
    full_seconds: float
    starts: int  # of Redis meanwhile
    anew: bool  # Redis has started since, so that what is there was on the disk
    acknowledged: int  # before, meanwhile and after
    lost: int
    some_lost: tuple[str, ...]
    phases: Mapping[str, float]
    bound_s: float
    bounded: tuple[str, ...] = ("restart", "recover")  # what the bound is for: the report's pictures want to know

    @property
    def back(self) -> bool:
        return set(self.bounded) <= set(self.phases)


@judges(FullDisk)
def full_disk_violations(seen: FullDisk) -> list[Violation]:
    return [*_lost(seen), *_not_told(seen), *_hammered(seen), *_not_back(seen)]


def _lost(seen: FullDisk) -> Iterator[Violation]:
    rule = "full-disk-loses-nothing"
    if not seen.back:  # nobody can say
        return
    if seen.lost or seen.acknowledged == 0:
        told = f"{seen.lost} of {seen.acknowledged} lost: {', '.join(seen.some_lost)}"
        yield Violation(rule, seen=told, wanted="none lost")
    elif seen.through_redis.refused == 0 or not seen.anew:
        told = f"{seen.bytes_left} bytes left, {seen.through_redis.refused} writes refused, Redis anew: {seen.anew}"
        yield Violation(rule, seen=told, wanted="a full disk, which refuses a write, and a new start", late=True)


def _not_told(seen: FullDisk) -> Iterator[Violation]:
    rule = "full-disk-is-told"
    for through, answers in (("Redis", seen.through_redis), ("the api", seen.through_api)):
        if answers.neither or answers.refused == 0:
            told = f"{through}: {answers.refused} refused; {', '.join(answers.neither)}"
            late = all(one.startswith(SILENT) for one in answers.neither)
            yield Violation(rule, seen=told, wanted=f"{through}: an error at once", late=late)
    if not seen.logged:
        yield Violation(rule, seen="Redis logs nothing of it", wanted="the reason, in its log")


def _hammered(seen: FullDisk) -> Iterator[Violation]:
    if seen.starts > (most := starts_at_most(seen.full_seconds)):
        told = f"{seen.starts} starts in {seen.full_seconds:.1f} s"
        yield Violation("full-disk-is-no-tight-loop", seen=told, wanted=f"at most {most}")


def _not_back(seen: FullDisk) -> Iterator[Violation]:
    rule, took = "full-disk-comes-back", sum(seen.phases.values())
    if missing := [phase for phase in seen.bounded if phase not in seen.phases]:
        yield Violation(rule, seen=f"no {missing[0]} when there was room", wanted="healthy and storing by itself")
    elif took > seen.bound_s + COMEBACK_SLACK:
        yield Violation(rule, seen=f"after {took:.1f} s", wanted=seen.bound_s)


def starts_at_most(seconds: float) -> int:
    """How often Redis may start in this time: after 0.1 s, 0.2 s, 0.4 s, ..., and for whoever else restarts it."""
    return math.floor(math.log2(seconds / FIRST_DELAY + 1)) + BY_OTHERS
