"""What is asked of Redis' append-only file: torn, damaged, and as it is written."""

from dataclasses import dataclass
from typing import Literal

from checks.core.registry import judges
from checks.core.verdict import Violation

TO_DO = "restore a backup, or try redis-check-aof on a copy"
Within = Literal["value", "length"]


@dataclass(frozen=True, kw_only=True)
class Start:
    """How a start of Redis turned out, and the last that Redis said of it."""

    healthy: bool
    state: str
    last_words: str

    def __str__(self) -> str:
        return f"{self.state}: {self.last_words}"


@dataclass(frozen=True, kw_only=True)
class Torn:
    """What was left of acknowledged items after a record that nobody acknowledged was torn at the end of the file.

    `cut_off` is whether nothing of that record stands in any file once Redis has started. Then more is stored, and
    Redis is restarted once more, before what is `lost` is counted.
    """

    within: Within
    file: str
    start: Start
    cut_off: bool
    acknowledged: int
    lost: tuple[str, ...]


@judges(Torn)
def torn_violations(seen: Torn) -> list[Violation]:
    rule = "torn-tail-is-no-obstacle"
    if not seen.start.healthy:
        return [Violation(rule, seen=str(seen.start), wanted="healthy, without the torn record", late=True)]
    if not seen.cut_off:
        return [Violation(rule, seen=f"the torn record still stands in {seen.file}", wanted="cut off")]
    if seen.lost or seen.acknowledged == 0:
        some = ", ".join(seen.lost[:5])
        return [Violation(rule, seen=f"{len(seen.lost)} of {seen.acknowledged} lost: {some}", wanted="none lost")]
    return []


@dataclass(frozen=True, kw_only=True)
class Damaged:
    """How Redis started on a file with damage in the frame of its `record`th record of `records`, and again without.

    `changed` are the files of its data directory that its tries to start have changed or removed.
    """

    file: str
    record: int
    records: int
    refusal: Start
    changed: tuple[str, ...]
    start: Start
    acknowledged: int
    lost: tuple[str, ...]


@judges(Damaged)
def damage_violations(seen: Damaged) -> list[Violation]:
    rule = "damage-is-not-swallowed"
    if seen.acknowledged == 0 or not 1 < seen.record < seen.records:  # nothing was tried, so nothing was proven
        told = f"record {seen.record} of {seen.records}, {seen.acknowledged} acknowledged"
        return [Violation(rule, seen=told, wanted="damage in the middle of what was acknowledged")]
    if seen.refusal.healthy or seen.changed:
        told = f"{seen.refusal}; changed: {', '.join(seen.changed) or 'nothing'}; {len(seen.lost)} items lost"
        return [Violation(rule, seen=told, wanted=f"a refusal that leaves every byte to a person: {TO_DO}")]
    if not seen.start.healthy or seen.lost:
        told = f"{seen.start}; {len(seen.lost)} of {seen.acknowledged} lost"
        return [Violation(rule, seen=told, wanted="healthy with every item, once the bytes are put back")]
    return []


@dataclass(frozen=True, kw_only=True)
class Changes:
    """How the changes that store items stand in the append-only file.

    `held` are the values that stand in a record of their own or another's; `transaction` are the commands of the first
    transaction.
    """

    stored: int
    held: int
    records: int
    transactions: int
    transaction: tuple[str, ...]


@judges(Changes)
def changes_violations(seen: Changes) -> list[Violation]:
    rule = "no-transactions-in-the-file"
    if seen.stored == 0 or seen.held < seen.stored:  # nothing was seen, so nothing was proven
        return [Violation(rule, seen=f"{seen.held} of {seen.stored} values stand in the file", wanted="all of them")]
    if seen.transactions:
        told = f"{seen.transactions} in {seen.records} records, the first: {' '.join(seen.transaction)}"
        return [Violation(rule, seen=told, wanted="one command per change")]
    return []
