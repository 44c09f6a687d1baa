"""What a client of the service does: store items, read them back, over HTTP."""

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

import requests

from checks.subject.profile import Role, published
from stack.driver import wait
from stack.driver.errors import StackError
from stack.driver.project import Stack

ANSWER_SECONDS = 5.0
WRITERS = 4
LOAD_SECONDS = 20.0  # for writers to get as far as they are to


@dataclass(frozen=True)
class Items:
    """The service of a stack, seen by a client; its address is looked up anew, since a restart may change it."""

    stack: Stack

    def url(self, path: str) -> str:
        service = self.stack.roles[Role.API]
        port = next(published(self.stack.config["services"][service]))
        return f"http://{self.stack.address(service, port)}{path}"

    def store(self, items: Mapping[str, str]) -> None:
        """Store each item; raises requests.HTTPError for the first that is not acknowledged."""
        with requests.Session() as session:
            url = self.url(self.stack.subject.routes.set)
            for key, data in items.items():
                session.post(url, json={"id": key, "data": data}, timeout=ANSWER_SECONDS).raise_for_status()

    def lost(self, items: Mapping[str, str]) -> list[str]:
        """The ids that do not read back as stored."""
        with requests.Session() as session:
            url = self.url(self.stack.subject.routes.get)
            answers = {key: session.get(f"{url}{key}", timeout=ANSWER_SECONDS) for key in items}
        return [key for key, data in items.items() if not answers[key].ok or answers[key].json() != {key: data}]


def numbered(prefix: str, count: int) -> dict[str, str]:
    return {f"{prefix}-{number}": f"value {number} of {prefix}" for number in range(count)}


@dataclass
class Load:
    """What writers at work had acknowledged so far: {id: data}, and when the last one was (monotonic seconds).

    They write until it is over, which whoever cannot wait for them may say before they are joined.
    """

    acknowledged: dict[str, str] = field(default_factory=dict)
    last: float = 0.0
    over: threading.Event = field(default_factory=threading.Event)


@contextmanager
def writing(items: Items, prefix: str, *, writers: int = WRITERS) -> Iterator[Load]:
    """Writers that store items as fast as they are acknowledged, and go on through failures until the end."""
    url = items.url(items.stack.subject.routes.set)
    with at_work(lambda load, number: _write(load, url, f"{prefix}-{number}"), writers) as load:
        yield load


@contextmanager
def at_work(write: Callable[[Load, int], None], writers: int) -> Iterator[Load]:
    """So many threads that write, each with its number, until the load is over."""
    load = Load()
    threads = [threading.Thread(target=write, args=(load, number), daemon=True) for number in range(writers)]
    for thread in threads:
        thread.start()
    try:
        yield load
    finally:
        load.over.set()
        for thread in threads:
            thread.join()


def under_load(*loads: Load, at_least: int) -> None:
    """Wait until so many writes are acknowledged by each; raises StackError where that never comes."""
    seen = wait.first(
        lambda: min(len(one.acknowledged) for one in loads),
        lambda now: now >= at_least,
        within=LOAD_SECONDS,
        every=0.002,
    )
    if not seen.reached:
        raise StackError(f"{seen.value} writes were acknowledged within {LOAD_SECONDS:.0f} s: too few to go on")


def _write(load: Load, url: str, prefix: str) -> None:
    number = 0
    with requests.Session() as session:
        while not load.over.is_set():
            number += 1
            key, data = f"{prefix}-{number}", f"value {number} of {prefix}"
            if _stored(session, url, key, data):
                load.acknowledged[key] = data
                load.last = time.monotonic()
            else:
                load.over.wait(0.05)


def _stored(session: requests.Session, url: str, key: str, data: str) -> bool:
    """Whether the service acknowledged; a refused connection is no acknowledgement, and expected under faults."""
    try:
        return session.post(url, json={"id": key, "data": data}, timeout=ANSWER_SECONDS).ok
    except requests.RequestException:
        return False
