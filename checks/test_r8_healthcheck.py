"""R8: GET /healthcheck says at once, and exactly, how the service is, and is not counted among its requests."""

import json
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from secrets import token_hex
from typing import Any, Literal

import pytest
import requests
from prometheus_client.parser import text_string_to_metric_families

from checks.core.evidence import Evidence
from checks.core.verdict import Violation, judges
from checks.faults import process
from checks.roles.api.client import ANSWER_SECONDS, Items
from checks.subject.profile import Reading, Role
from stack.driver.errors import StackError
from stack.driver.project import Stack

AT_ONCE = 5
IN_A_ROW = 2
DEADLINE_SLACK = 1.0  # seconds: the machine is shared with other checks
DEFAULT_DEADLINE = 5.0  # where the service has no health check that would declare one
CLIENTS = 4
CALLS_UNDER_LOAD = 20
PAUSE_UNDER_LOAD = 0.06
UNCOUNTED_CALLS = 11
BESIDES = 5  # requests that Docker's probes and Prometheus may send in the same moment
LONGEST_BODY = 200
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


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What one call came to; status 0 where no answer came, and the reason as its body."""

    status: int
    content_type: str
    body: str
    seconds: float


@dataclass(frozen=True, kw_only=True)
class Called:
    """The answers to calls, at once and in a row, while Redis was so; `reading` is what they are to be judged by."""

    redis: Redis
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
        told = f"{wanted[0]} application/json {json.dumps(wanted[1])}"
        found.append(Violation(RULES[seen.redis], seen=summed_up(other, seen.answers), wanted=told))
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
        return [Violation(rule, seen=told, wanted=f"{CALLS_UNDER_LOAD} calls, and more requests")]
    wrong = [one for one in seen.answers if not is_exactly(one, 200, OK) or is_late(one, seen.deadline_s)]
    wanted = f"200 application/json {json.dumps(OK)} within {seen.deadline_s:g} s"
    return [Violation(rule, seen=summed_up(wrong, seen.answers), wanted=wanted)] if wrong else []


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


def is_late(answer: Answer, deadline: float) -> bool:
    return answer.status == 0 or answer.seconds > deadline + DEADLINE_SLACK


def summed_up(some: Sequence[Answer], every: Sequence[Answer]) -> list[str]:
    """Some of the answers to as many calls, the like ones in one line."""
    like = Counter(f"{one.status or 'no answer'} {one.content_type} {one.body}" for one in some)
    slowest = max((one.seconds for one in some), default=0.0)
    lines = [f"{count} of {len(every)}: {' '.join(what.split())}" for what, count in like.items()]
    return [*lines, f"the slowest of them after {slowest:.2f} s"] if lines else ["not called"]


def _parsed(body: str) -> Any:  # noqa: ANN401 - JSON
    try:
        return json.loads(body)
    except ValueError:
        return None


def call_while(stack: Stack, redis: Redis, reading: Reading) -> Called:
    """Make Redis so, call the health route at once and in a row, and put Redis back."""
    deadline = deadline_of(stack)
    with MADE_SO[redis](stack):
        answers = _answers(stack, deadline + DEADLINE_SLACK)
    return Called(redis=redis, reading=reading, deadline_s=deadline, answers=tuple(answers))


def seen_reading(stack: Stack) -> Reading:
    """The reading that the service itself seems to have: what it answers while Redis is stopped."""
    with _gone(stack):
        answer = call(_url(stack), deadline_of(stack) + DEADLINE_SLACK)
    return Reading.LIVENESS if answer.status == 200 else Reading.READINESS


def call_under_load(stack: Stack) -> UnderLoad:
    """Call one after the other, while clients send whatever they can."""
    url, deadline, answers = _url(stack), deadline_of(stack), []
    with hammered(Items(stack)) as answered:
        for _ in range(CALLS_UNDER_LOAD):
            answers.append(call(url, deadline + DEADLINE_SLACK))
            time.sleep(PAUSE_UNDER_LOAD)
    return UnderLoad(requests=sum(answered), deadline_s=deadline, answers=tuple(answers))


def call_and_count(stack: Stack) -> Uncounted:
    """Find the counters that count requests for items, and see whether they count calls of the health route."""
    items = Items(stack)
    before = _counters(items)
    _get(items.url(f"{stack.subject.routes.get}uncounted"), UNCOUNTED_CALLS)
    between = _counters(items)
    _get(_url(stack), UNCOUNTED_CALLS)
    after = _counters(items)
    rises = {name: between[name] - before.get(name, 0.0) for name in between}
    counting = [name for name, rise in rises.items() if UNCOUNTED_CALLS <= rise <= UNCOUNTED_CALLS + BESIDES]
    return Uncounted(calls=UNCOUNTED_CALLS, rises={name: after[name] - between[name] for name in counting})


def deadline_of(stack: Stack) -> float:
    """What the service's own health check gives the route; DEFAULT_DEADLINE where it has none."""
    return stack.probe_timeout(stack.roles[Role.API]) or DEFAULT_DEADLINE


def call(url: str, patience: float) -> Answer:
    started = time.monotonic()
    try:
        got = requests.get(url, timeout=patience, allow_redirects=False)
    except requests.RequestException as problem:
        seconds = round(time.monotonic() - started, 3)
        return Answer(status=0, content_type="", body=type(problem).__name__, seconds=seconds)
    return Answer(
        status=got.status_code,
        content_type=got.headers.get("Content-Type", ""),
        body=got.text[:LONGEST_BODY],
        seconds=round(time.monotonic() - started, 3),
    )


def _answers(stack: Stack, patience: float) -> list[Answer]:
    """Some at once, then some in a row unless one was never answered: a fault is soon mended by whoever heals."""
    url = _url(stack)
    with ThreadPoolExecutor(AT_ONCE) as clients:
        answers = list(clients.map(lambda _: call(url, patience), range(AT_ONCE)))
    if all(answer.status for answer in answers):
        answers += [call(url, patience) for _ in range(IN_A_ROW)]
    return answers


def _url(stack: Stack) -> str:
    return Items(stack).url(stack.subject.routes.health)


@contextmanager
def _well(stack: Stack) -> Iterator[None]:
    stack.wait_until_healthy()
    yield


@contextmanager
def _gone(stack: Stack) -> Iterator[None]:
    with process.stopped(stack, stack.roles[Role.REDIS]):
        yield


@contextmanager
def _frozen(stack: Stack) -> Iterator[None]:
    """Redis frozen for as long as it is looked at; raises StackError where somebody restarted it meanwhile."""
    service = stack.roles[Role.REDIS]
    try:
        with process.frozen(stack, service):
            start = stack.state(service).started_at
            yield
            if stack.state(service).started_at != start:
                raise StackError(f"`{service}` was restarted before the last call: nothing is known of a frozen one")
    finally:
        stack.wait_until_healthy()


@contextmanager
def _refusing(stack: Stack) -> Iterator[None]:
    service = stack.roles[Role.API]
    with process.wrong_password(stack, "app", token_hex(16)):
        start = stack.state(service).started_at
        yield
        if stack.state(service).started_at != start:
            raise StackError(f"`{service}` was restarted before the last call: nothing is known of it while refused")


MADE_SO: dict[Redis, Callable[[Stack], AbstractContextManager[None]]] = {
    "well": _well,
    "gone": _gone,
    "frozen": _frozen,
    "refusing": _refusing,
}


@contextmanager
def hammered(items: Items) -> Iterator[list[int]]:
    """Clients that store and read as fast as they are answered; yields how many good answers each of them had."""
    over, answered = threading.Event(), [0] * CLIENTS
    work = [(items, over, answered, client) for client in range(CLIENTS)]
    threads = [threading.Thread(target=_hammer, args=one, daemon=True) for one in work]
    for thread in threads:
        thread.start()
    try:
        yield answered
    finally:
        over.set()
        for thread in threads:
            thread.join()


def _hammer(items: Items, over: threading.Event, answered: list[int], client: int) -> None:
    key, routes = f"hammered-{client}", items.stack.subject.routes
    store, read = items.url(routes.set), items.url(f"{routes.get}{key}")
    with requests.Session() as session:
        while not over.is_set():
            try:
                stored = session.post(store, json={"id": key, "data": key}, timeout=ANSWER_SECONDS)
                answered[client] += stored.ok + session.get(read, timeout=ANSWER_SECONDS).ok
            except requests.RequestException:
                over.wait(0.05)


def _get(url: str, times: int) -> None:
    with requests.Session() as session:
        for _ in range(times):
            session.get(url, timeout=ANSWER_SECONDS)


def _counters(items: Items) -> dict[str, float]:
    """{counter: the sum over its labels} of all that the service exposes: each worker may count under its own label."""
    answer = requests.get(items.url(items.stack.subject.routes.metrics), timeout=ANSWER_SECONDS)
    answer.raise_for_status()
    sums: dict[str, float] = {}
    for family in text_string_to_metric_families(answer.text):
        for sample in family.samples:
            if sample.name.endswith(("_total", "_count")):
                sums[sample.name] = sums.get(sample.name, 0.0) + sample.value
    return sums


@pytest.fixture
def reading(stack: Stack, evidence: Evidence) -> Reading:
    """What the profile picks, else what is seen; the report tells which, and what it does not notice."""
    picked = stack.subject.reading
    found = picked or seen_reading(stack)
    if picked is None or found is Reading.LIVENESS:
        told = "picked by the profile" if picked else "as seen, for the profile picks none"
        evidence.note(f"{stack.subject.routes.health} was read as {found} ({told}): {NOTES[found]}")
    return found


@pytest.mark.requirement("R8")
def test_it_answers_exactly_while_all_is_well(stack: Stack, evidence: Evidence) -> None:
    assert called_violations(evidence.saw(call_while(stack, "well", Reading.READINESS))) == []


@pytest.mark.requirement("R8")
@pytest.mark.parametrize("redis", ["gone", "frozen", "refusing"])
def test_it_answers_at_once_when_redis_is(redis: Redis, stack: Stack, evidence: Evidence, reading: Reading) -> None:
    assert called_violations(evidence.saw(call_while(stack, redis, reading))) == []


@pytest.mark.requirement("R8")
def test_it_answers_under_load(stack: Stack, evidence: Evidence) -> None:
    assert load_violations(evidence.saw(call_under_load(stack))) == []


@pytest.mark.requirement("R8")
def test_it_is_not_counted(stack: Stack, evidence: Evidence) -> None:
    assert uncounted_violations(evidence.saw(call_and_count(stack))) == []
