"""What is asked of a backup."""

from collections.abc import Mapping
from dataclasses import dataclass

from checks.core.registry import judges
from checks.core.verdict import Violation

RULE = "backup-restores"


@dataclass(frozen=True, kw_only=True)
class Restored:
    """What a backup brought back of what had been acknowledged before it began.

    It is taken under load, while `rewrites` of the append-only file end; then the data are wiped, which takes `wiped`
    of these writes away, and the backup is put back.
    """

    acknowledged: int
    rewrites: int
    bytes: int
    wiped: int
    lost: int
    some_lost: tuple[str, ...]
    phases: Mapping[str, float]  # seconds: to take the backup, and to put it back until all is healthy


@judges(Restored)
def restored_violations(seen: Restored) -> list[Violation]:
    if not seen.acknowledged or seen.wiped < seen.acknowledged or not seen.rewrites:  # too little was tried
        told = f"{seen.wiped} of {seen.acknowledged} wiped, {seen.rewrites} rewrites meanwhile"
        return [
            Violation(
                RULE, seen=told, wanted="writes and rewrites, and all gone before the backup is put back", late=True
            )
        ]
    if seen.lost:
        told = f"{seen.lost} of {seen.acknowledged} not brought back: {', '.join(seen.some_lost)}"
        return [Violation(RULE, seen=told, wanted="none missing")]
    return []
