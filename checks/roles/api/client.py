"""What a client of the service does: store items, read them back, over HTTP."""

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

import requests

from checks.roles.load import WRITERS, Load, at_work
from checks.subject.roles import Role, published
from checks.subject.stack import Stack

ANSWER_SECONDS = 5.0


@dataclass(frozen=True)
class Items:
    """The service of a stack, seen by a client; its address is looked up anew, since a restart may change it."""

    stack: Stack

    def url(self, path: str) -> str:
        service = self.stack.roles[Role.API]
        port = next(published(self.stack.project.config["services"][service]))
        return f"http://{self.stack.runner.address(service, port)}{path}"

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


@contextmanager
def writing(items: Items, prefix: str, *, writers: int = WRITERS) -> Iterator[Load]:
    """Writers that store items as fast as they are acknowledged, and go on through failures until the end."""
    url = items.url(items.stack.subject.routes.set)
    with at_work(lambda load, number: _write(load, url, f"{prefix}-{number}"), writers) as load:
        yield load


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
