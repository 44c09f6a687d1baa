"""What is asked of the answers of `GET /healthcheck`."""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from checks.core.registry import judges
from checks.core.requirement import Reading
from checks.core.verdict import Violation

DEADLINE_SLACK = 1.0  # seconds: the machine is shared with other checks
CALLS_UNDER_LOAD = 20
UNCOUNTED_CALLS = 11
BESIDES = 5  # requests that Docker's probes and Prometheus may send in the same moment
LONGEST_BODY = 200
PATH = "/healthcheck"  # as the requirement names it
OK, FAILURE = {"status": "ok"}, {"status": "failure"}
Redis = Literal["well", "gone", "frozen", "refusing"]
RULES = {
    "well": "exact-when-well",
    "gone": "answer-when-redis-gone",
    "frozen": "answer-when-redis-frozen",
    "refusing": "answer-when-credentials-refused",
}
NOTES = {
    Reading.READINESS: "503 while Redis is away, which does not tell a sick service from a sick dependency",
    Reading.LIVENESS: "200 whenever it is called, which does not notice a Redis that is gone, frozen or refusing",
}


def told_of_path(path: str) -> str:
    """What a reader of the verdict is to know where another path was asked than the requirement names; else ''."""
    return f"R8 asked GET {path}, as the profile says: nothing is said of GET {PATH}" if path != PATH else ""


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What one call came to; status 0 where no answer came, and the reason as its body.

    `client` is who asked by its own word, '' for one that gives none.
    """

    status: int
    content_type: str
    body: str
    seconds: float
    client: str = ""


@dataclass(frozen=True, kw_only=True)
class Called:
    """The answers to calls of `path`, at once and in a row, while Redis was so; `reading` is what judges them."""

    redis: Redis
    path: str = PATH
    reading: Reading
    deadline_s: float
    answers: tuple[Answer, ...]


@judges(Called)
def called_violations(seen: Called) -> list[Violation]:
    failing = seen.redis != "well" and seen.reading is Reading.READINESS
    wanted: tuple[int, dict[str, str]] = (503, FAILURE) if failing else (200, OK)
    other = [one for one in seen.answers if one.status and not is_exactly(one, *wanted)]
    late = [one for one in seen.answers if is_late(one, seen.deadline_s)]
    found = []
    if other or not seen.answers:
        told = f"{wanted[0]} application/json {json.dumps(wanted[1])} from {seen.path}"
        untold = seen.redis == "well" and all(is_deadline_over(one) for one in other)
        found.append(Violation(RULES[seen.redis], seen=summed_up(other, seen.answers), wanted=told, late=untold))
    if late:
        told = f"each within {seen.deadline_s:g} s"
        found.append(Violation("answers-in-time", seen=summed_up(late, seen.answers), wanted=told))
    return found


@dataclass(frozen=True, kw_only=True)
class UnderLoad:
    """The answers to calls while clients stored and read items; `requests` is how many of theirs were answered well."""

    requests: int
    deadline_s: float
    answers: tuple[Answer, ...]


@judges(UnderLoad)
def load_violations(seen: UnderLoad) -> list[Violation]:
    rule = "answers-under-load"
    if len(seen.answers) < CALLS_UNDER_LOAD or seen.requests <= len(seen.answers):
        told = f"{len(seen.answers)} calls among {seen.requests} requests"
        return [Violation(rule, seen=told, wanted=f"{CALLS_UNDER_LOAD} calls, and more requests", late=True)]
    wrong = [one for one in seen.answers if not is_exactly(one, 200, OK) or is_late(one, seen.deadline_s)]
    wanted = f"200 application/json {json.dumps(OK)} within {seen.deadline_s:g} s"
    late = all(is_deadline_over(one) or is_late(one, seen.deadline_s) for one in wrong)
    return [Violation(rule, seen=summed_up(wrong, seen.answers), wanted=wanted, late=late)] if wrong else []


@dataclass(frozen=True, kw_only=True)
class Uncounted:
    """How far each counter that counts requests for items rose during as many calls; its labels are summed up."""

    calls: int
    rises: Mapping[str, float]


@judges(Uncounted)
def uncounted_violations(seen: Uncounted) -> list[Violation]:
    counted = [f"{name} rose by {rise:g}" for name, rise in seen.rises.items() if rise >= seen.calls]
    if seen.calls and seen.rises and not counted:
        return []
    told = counted or "no call, or no counter that counts requests"
    return [Violation("not-counted", seen=told, wanted=f"less than {seen.calls}")]


def is_exactly(answer: Answer, status: int, body: Mapping[str, str]) -> bool:
    media_type = answer.content_type.partition(";")[0].strip().lower()
    return answer.status == status and media_type == "application/json" and _parsed(answer.body) == body


def is_deadline_over(answer: Answer) -> bool:
    """Whether the service said that Redis did not answer it in time, as it is to say it."""
    return is_exactly(answer, 503, FAILURE)


def is_late(answer: Answer, deadline: float) -> bool:
    return answer.status == 0 or answer.seconds > deadline + DEADLINE_SLACK


def summed_up(some: Sequence[Answer], every: Sequence[Answer]) -> list[str]:
    """Some of the answers to as many calls, the like ones in one line."""
    said = {f"{one.status} {one.content_type} {one.body}" for one in every}
    like = Counter(_told(one, by_whom=len(said) > 1 and len({each.client for each in every}) > 1) for one in some)
    slowest = max((one.seconds for one in some), default=0.0)
    lines = [f"{count} of {len(every)}: {' '.join(what.split())}" for what, count in like.items()]
    return [*lines, f"the slowest of them after {slowest:.2f} s"] if lines else ["not called"]


def _told(answer: Answer, *, by_whom: bool) -> str:
    """An answer, and to whom where others were answered otherwise."""
    to = f" to `{answer.client or 'who does not say who asks'}`" if by_whom else ""
    return f"{answer.status or 'no answer'} {answer.content_type} {answer.body}{to}"


def _parsed(body: str) -> Any:  # noqa: ANN401 - JSON
    try:
        return json.loads(body)
    except ValueError:
        return None
