"""Call the health route while Redis is well, gone, frozen or refusing, and under load."""

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from secrets import token_hex

import requests
from prometheus_client.parser import text_string_to_metric_families
from urllib3.util import SKIP_HEADER

from checks.core.requirement import Reading
from checks.faults import credentials, operator, process
from checks.requirements.r8_health_endpoint.judge import (
    BESIDES,
    CALLS_UNDER_LOAD,
    DEADLINE_SLACK,
    LONGEST_BODY,
    UNCOUNTED_CALLS,
    Answer,
    Called,
    Redis,
    Uncounted,
    UnderLoad,
)
from checks.roles.api.client import ANSWER_SECONDS, Items
from checks.roles.prometheus.configuration import metrics_route
from checks.subject.roles import Role
from checks.subject.stack import Stack
from stack.driver.errors import OutOfTimeError

CLIENTS_THAT_ASK = (  # a service is to answer whoever asks, not those alone whom it knows for checks
    "curl/8.5.0",
    "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0",
    "kube-probe/1.30",
    "",
    requests.utils.default_user_agent(),
)
AT_ONCE = len(CLIENTS_THAT_ASK)
IN_A_ROW = 2
DEFAULT_DEADLINE = 5.0  # where the service has no health check that would declare one
CLIENTS = 4
PAUSE_UNDER_LOAD = 0.06


def call_while(stack: Stack, redis: Redis, reading: Reading) -> Called:
    """Make Redis so, call the health route at once and in a row, and put Redis back."""
    deadline = deadline_of(stack)
    with MADE_SO[redis](stack):
        answers = _answers(stack, deadline + DEADLINE_SLACK)
    path = stack.subject.routes.health
    return Called(redis=redis, path=path, reading=reading, deadline_s=deadline, answers=tuple(answers))


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
    _get(items.url(stack.subject.routes.reads_at("uncounted")), UNCOUNTED_CALLS)
    between = _counters(items)
    _get(_url(stack), UNCOUNTED_CALLS)
    after = _counters(items)
    rises = {name: between[name] - before.get(name, 0.0) for name in between}
    counting = [name for name, rise in rises.items() if UNCOUNTED_CALLS <= rise <= UNCOUNTED_CALLS + BESIDES]
    return Uncounted(calls=UNCOUNTED_CALLS, rises={name: after[name] - between[name] for name in counting})


def deadline_of(stack: Stack) -> float:
    """What the service's own health check gives the route; DEFAULT_DEADLINE where it has none."""
    return stack.runner.health_check(stack.roles[Role.API]).timeout or DEFAULT_DEADLINE


def call(url: str, patience: float, client: str = CLIENTS_THAT_ASK[-1]) -> Answer:
    started = time.monotonic()
    try:
        got = requests.get(url, timeout=patience, allow_redirects=False, headers=_headers(client))
    except requests.RequestException as problem:
        seconds = round(time.monotonic() - started, 3)
        return Answer(status=0, content_type="", body=type(problem).__name__, seconds=seconds, client=client)
    return Answer(
        status=got.status_code,
        content_type=got.headers.get("Content-Type", ""),
        body=got.text[:LONGEST_BODY],
        seconds=round(time.monotonic() - started, 3),
        client=client,
    )


def _headers(client: str) -> dict[str, str | bytes]:
    """Where nobody says who asks, a library below `requests` would, unless it is told not to."""
    return {"User-Agent": client or SKIP_HEADER}


def _answers(stack: Stack, patience: float) -> list[Answer]:
    """Some at once, then some in a row unless one was never answered: a fault is soon mended by whoever heals."""
    url = _url(stack)
    with ThreadPoolExecutor(AT_ONCE) as clients:
        answers = list(clients.map(lambda client: call(url, patience, client), CLIENTS_THAT_ASK))
    if all(answer.status for answer in answers):
        answers += [call(url, patience) for _ in range(IN_A_ROW)]
    return answers


def _url(stack: Stack) -> str:
    return Items(stack).url(stack.subject.routes.health)


@contextmanager
def _well(stack: Stack) -> Iterator[None]:
    stack.runner.wait_until_healthy()
    yield


@contextmanager
def _gone(stack: Stack) -> Iterator[None]:
    with operator.stopped(stack, stack.roles[Role.REDIS]):
        yield


@contextmanager
def _frozen(stack: Stack) -> Iterator[None]:
    """Redis frozen for as long as it is looked at; raises StackError where somebody restarted it meanwhile."""
    service = stack.roles[Role.REDIS]
    try:
        with process.frozen(stack, service):
            start = stack.runner.incarnation(service)
            yield
            if stack.runner.incarnation(service) != start:
                raise OutOfTimeError(
                    f"`{service}` was restarted before the last call: nothing is known of a frozen one"
                )
    finally:
        stack.runner.wait_until_healthy()


@contextmanager
def _refusing(stack: Stack) -> Iterator[None]:
    service = stack.roles[Role.API]
    with credentials.wrong_password(stack, "app", token_hex(16)):
        start = stack.runner.incarnation(service)
        yield
        if stack.runner.incarnation(service) != start:
            raise OutOfTimeError(
                f"`{service}` was restarted before the last call: nothing is known of it while refused"
            )


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
    key, door = f"hammered-{client}", items.door()
    with requests.Session() as session:
        while not over.is_set():
            try:
                stored = door.store(session, key, key, timeout=ANSWER_SECONDS)
                answered[client] += stored.ok + door.read(session, key, timeout=ANSWER_SECONDS).ok
            except requests.RequestException:
                over.wait(0.05)


def _get(url: str, times: int) -> None:
    with requests.Session() as session:
        for _ in range(times):
            session.get(url, timeout=ANSWER_SECONDS)


def _counters(items: Items) -> dict[str, float]:
    """{counter: the sum over its labels} of all that the service exposes: each worker may count under its own label."""
    answer = requests.get(items.url(metrics_route(items.stack)), timeout=ANSWER_SECONDS)
    answer.raise_for_status()
    sums: dict[str, float] = {}
    for family in text_string_to_metric_families(answer.text):
        for sample in family.samples:
            if sample.name.endswith(("_total", "_count")):
                sums[sample.name] = sums.get(sample.name, 0.0) + sample.value
    return sums
