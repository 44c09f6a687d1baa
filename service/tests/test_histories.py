"""What many clients see at once of the service over a real Redis, whatever happens to that, is linearizable."""

import random
import signal
import time
from collections import defaultdict
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import chain
from math import inf
from pathlib import Path
from subprocess import Popen
from threading import Event

import pytest
import requests

from service.tests.conftest import free_port, redis, running, settings
from service.tests.linearizability import Operation, is_linearizable

CLIENTS, KEYS = 8, 16
BEFORE_SECONDS, AFTER_SECONDS = 0.7, 1.5
DEADLINE = 0.3  # of the service
FELT_WITHIN_SECONDS = 20
PAUSE_SECONDS = 0.05  # of who was refused
DURABLE = ("--appendonly", "yes", "--appendfsync", "always")
FORGETFUL = ("--appendonly", "no")

Start = Callable[[], Popen[bytes]]
Felt = Callable[[], None]
Fault = Callable[[Popen[bytes], Start, Felt], None]
Seen = tuple[str, Operation]


@dataclass(frozen=True, kw_only=True)
class Histories:
    """What was seen of each key, and when Redis was well again."""

    by_key: Mapping[str, list[Operation]]
    well_at: float

    @property
    def impossible(self) -> set[str]:
        return {key for key, history in self.by_key.items() if not is_linearizable(history)}

    @property
    def operations(self) -> list[Operation]:
        return list(chain.from_iterable(self.by_key.values()))


def nothing(_redis: Popen[bytes], _start: Start, _felt: Felt) -> None:
    """To see that the clients alone do no harm."""


def restart(redis: Popen[bytes], start: Start, felt: Felt) -> None:
    redis.terminate()
    redis.wait()
    felt()
    start()


def kill(redis: Popen[bytes], start: Start, felt: Felt) -> None:
    redis.kill()
    redis.wait()
    felt()
    start()


def freeze(redis: Popen[bytes], _start: Start, felt: Felt) -> None:
    redis.send_signal(signal.SIGSTOP)
    felt()
    redis.send_signal(signal.SIGCONT)


def client(address: str, number: int, is_over: Event, refused: Event) -> list[Seen]:
    """Puts and gets, each after the answer to the one before."""
    seen: list[Seen] = []
    drawn = random.Random(number)  # noqa: S311 - the same each time
    with requests.Session() as session:
        while not is_over.is_set():
            key = f"key-{drawn.randrange(KEYS)}"
            if drawn.random() < 0.5:
                seen.append((key, put(session, address, key, f"{number}-{len(seen)}", refused)))
            elif operation := get(session, address, key):
                seen.append((key, operation))
    return seen


def put(session: requests.Session, address: str, key: str, value: str, refused: Event) -> Operation:
    called = time.monotonic()
    status = session.post(f"{address}/set", json={"id": key, "data": value}, timeout=5).status_code
    returned = time.monotonic()
    if status == 503:
        refused.set()
        time.sleep(PAUSE_SECONDS)
        return Operation(kind="put", value=value, called=called)
    was_there = {200: True, 201: False}[status]
    return Operation(kind="put", value=value, called=called, returned=returned, was_there=was_there)


def get(session: requests.Session, address: str, key: str) -> Operation | None:
    called = time.monotonic()
    answer = session.get(f"{address}/get/{key}", timeout=5)
    returned = time.monotonic()
    if answer.status_code == 503:
        time.sleep(PAUSE_SECONDS)
        return None
    assert answer.status_code in {200, 404}
    value = answer.json()[key] if answer.status_code == 200 else None
    return Operation(kind="get", value=value, called=called, returned=returned)


def watched(address: str, meanwhile: Callable[[Felt], None]) -> dict[str, list[Operation]]:
    """Everything that the clients see before, during and after this, which may wait until a put is refused.

    A service tries again until its deadline: an outage that is shorter may be felt by nobody.
    """
    is_over, refused = Event(), Event()

    def felt() -> None:
        assert refused.wait(FELT_WITHIN_SECONDS), "no put was refused"

    with ThreadPoolExecutor(CLIENTS) as pool:
        clients = [pool.submit(client, address, number, is_over, refused) for number in range(CLIENTS)]
        try:
            time.sleep(BEFORE_SECONDS)
            meanwhile(felt)
            time.sleep(AFTER_SECONDS)
        finally:
            is_over.set()
    by_key: dict[str, list[Operation]] = defaultdict(list)
    for key, operation in chain.from_iterable(one.result() for one in clients):
        by_key[key].append(operation)
    return by_key


def histories(server: str, folder: Path, options: tuple[str, ...], fault: Fault) -> Histories:
    """What is seen of a service whose Redis this happens to."""
    port, well_at = free_port(), inf
    with ExitStack() as stack:

        def start() -> Popen[bytes]:
            return stack.enter_context(redis(server, port, folder, *options))

        def happen(felt: Felt) -> None:
            nonlocal well_at
            fault(process, start, felt)
            well_at = time.monotonic()

        process = start()
        address = stack.enter_context(running(settings(port, timeout=DEADLINE)))
        by_key = watched(address, happen)
    return Histories(by_key=by_key, well_at=well_at)


@pytest.mark.parametrize("fault", [nothing, restart, kill, freeze])
def test_what_clients_see_is_linearizable(redis_server: str, tmp_path: Path, fault: Fault) -> None:
    seen = histories(redis_server, tmp_path, DURABLE, fault)
    assert seen.impossible == set()
    assert any(one.called > seen.well_at and one.returned < inf for one in seen.operations)


def test_a_redis_that_forgets_is_noticed(redis_server: str, tmp_path: Path) -> None:
    """Else the test above would prove nothing."""
    assert histories(redis_server, tmp_path, FORGETFUL, kill).impossible
