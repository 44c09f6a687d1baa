"""What is said of a check, a requirement or a run."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import KW_ONLY, dataclass
from enum import StrEnum

from checks.core.place import Place

Json = None | bool | int | float | str | Sequence["Json"] | Mapping[str, "Json"]


class NotApplicableError(Exception):
    """A check asked for something that this subject is not to have: its message is the reason, in a sentence."""


class Verdict(StrEnum):
    """What is said of a check, a requirement or a run."""

    PROVEN = "proven"
    VIOLATED = "violated"
    UNDECIDED = "undecided"
    WAIVED = "waived"
    NOT_APPLICABLE = "not applicable"


@dataclass(frozen=True)
class Violation:
    """One rule that does not hold, with what was seen and what was wanted (both fit for JSON).

    `late` says of a rule that is about more than time that here it was time: nothing wrong was seen, but nothing in
    time, or nothing that could be tried in it.
    """

    rule: str
    _: KW_ONLY
    seen: Json
    wanted: Json
    late: bool = False
    place: Place | None = None  # in the subject's files; none of what only a running stack shows


def worst(verdicts: Iterable[Verdict]) -> Verdict:
    """Give the verdict that decides: violated, else undecided, else waived, else proven. Of nothing: undecided."""
    order = (Verdict.VIOLATED, Verdict.UNDECIDED, Verdict.WAIVED, Verdict.PROVEN, Verdict.NOT_APPLICABLE)
    return min(verdicts, key=order.index, default=Verdict.UNDECIDED)
