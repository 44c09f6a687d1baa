"""What is asked of the fsync of each write."""

from dataclasses import dataclass

from checks.core.registry import judges
from checks.core.verdict import Violation

RULE = "fsynced-before-acknowledged"
FSYNC_TRIES = 20  # everysec can hit its own tick in one of them, not in all
WRITES = 200
DROWNED = 0.95  # of the pauses with one; up to there, 200 writes do not all meet one by chance (0.95 ** 200 is 4e-5)


@dataclass(frozen=True, kw_only=True)
class Fsyncs:
    """WAITAOF's own word after each write, on the connection that wrote: 1 if it was fsynced by then, else 0."""

    answers: tuple[int, ...]


@judges(Fsyncs)
def fsync_violations(seen: Fsyncs) -> list[Violation]:
    late = len(seen.answers) - sum(seen.answers)
    if len(seen.answers) >= FSYNC_TRIES and late == 0:
        return []
    told = f"{late} of {len(seen.answers)} acknowledged before they were fsynced"
    return [Violation(RULE, seen=told, wanted=f"0 of {FSYNC_TRIES}")]


@dataclass(frozen=True, kw_only=True)
class Flushes:
    """How many of so many writes, one after another, saw the disks under Redis' data complete a flush meanwhile.

    Between them are pauses as long, which tell what others flush. `not_counted` says why nothing was counted, where it
    cannot be: nothing is known against Redis then, and nothing is there for it but its own word.
    """

    disks: tuple[str, ...]
    not_counted: str
    writes: int
    flushed: int
    flushed_pauses: int


@judges(Flushes)
def flush_violations(seen: Flushes) -> list[Violation]:
    without = seen.writes - seen.flushed
    if seen.not_counted or (seen.writes >= WRITES and without == 0 and not drowned(seen)):
        return []
    told = f"{without} of {seen.writes} acknowledged without a flush of {', '.join(seen.disks)}"
    beside = f"{seen.flushed_pauses} of as many pauses had one"
    return [Violation(RULE, seen=f"{told}; {beside}", wanted=f"a flush in each of {WRITES}, and not in every pause")]


def drowned(seen: Flushes) -> bool:
    return seen.flushed_pauses > DROWNED * seen.writes
