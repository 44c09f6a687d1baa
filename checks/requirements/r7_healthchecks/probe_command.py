"""What the command line of a health check tells by itself: that it cannot fail, or hides errors."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from checks.requirements.r7_healthchecks.shell.interpreter import ends_of
from checks.requirements.r7_healthchecks.shell.state import NotFollowedError, Situation

Blindness = Literal["cannot-fail", "hides-errors"]


@dataclass(frozen=True, kw_only=True)
class Blind:
    """A health check that does not see what it is there to see, and in which way."""

    how: Blindness
    why: str


WHY: Mapping[Blindness, str] = {
    "cannot-fail": "ends in 0 whether the service is down or not",
    "hides-errors": "ends in 0 when the service answers with an error",
}


def blindness(test: Sequence[str]) -> Blind | None:
    """What is proven against this health check (`Test` of docker inspect); None where nothing is.

    What cannot be followed is not objected to: who breaks the service, and looks whether Docker finds out, has the
    last word.
    """
    try:
        down, error = _passes(test, "down"), _passes(test, "error")
    except NotFollowedError:
        return None
    if not error:
        return None
    how: Blindness = "cannot-fail" if down else "hides-errors"
    return Blind(how=how, why=WHY[how])


def _passes(test: Sequence[str], situation: Situation) -> bool:
    """Whether every way that it may take ends in 0."""
    match list(test):
        case ["CMD-SHELL", script]:
            return ends_of(["sh", "-c", script], situation) == {"0"}
        case ["CMD", *words] if words:
            return ends_of(words, situation) == {"0"}
    return False
