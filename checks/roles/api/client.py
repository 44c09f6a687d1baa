"""What a client of the service does: store items, read them back, over HTTP."""

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

import requests

from checks.roles.load import WRITERS, Load, at_work
from checks.subject.compose_files import PROFILE_NAME
from checks.subject.profile import Routes
from checks.subject.roles import Role
from checks.subject.stack import Stack
from stack.driver.errors import SubjectError

ANSWER_SECONDS = 5.0
HTTP_SECONDS = 1.0  # for a port to show that it speaks HTTP


@dataclass(frozen=True, kw_only=True)
class Door:
    """The service at the address that it has now, with its own paths and bodies."""

    base: str
    routes: Routes

    def url(self, path: str) -> str:
        return f"{self.base}{path}"

    def store(self, session: requests.Session, key: str, data: str, *, timeout: float) -> requests.Response:
        """Ask it to store an item; whether it did is for its status to say."""
        body = self.routes.written(key, data)
        return session.request(self.routes.method, self.url(self.routes.stores_at(key)), json=body, timeout=timeout)

    def read(self, session: requests.Session, key: str, *, timeout: float) -> requests.Response:
        """Ask for an item."""
        return session.get(self.url(self.routes.reads_at(key)), timeout=timeout)

    def has(self, session: requests.Session, key: str, data: str) -> bool:
        """Whether an item reads back as it was stored."""
        answer = self.read(session, key, timeout=ANSWER_SECONDS)
        return answer.ok and self.routes.shows(answer.json(), key, data)


@dataclass(frozen=True)
class Items:
    """The service of a stack, seen by a client; its address is looked up anew, since a restart may change it."""

    stack: Stack

    def door(self) -> Door:
        address = self.stack.runner.address(self.stack.roles[Role.API], port_of(self.stack))
        return Door(base=f"http://{address}", routes=self.stack.subject.routes)

    def url(self, path: str) -> str:
        return self.door().url(path)

    def store(self, items: Mapping[str, str]) -> None:
        """Store each item; raises requests.HTTPError for the first that is not acknowledged."""
        door = self.door()
        with requests.Session() as session:
            for key, data in items.items():
                door.store(session, key, data, timeout=ANSWER_SECONDS).raise_for_status()

    def lost(self, items: Mapping[str, str]) -> list[str]:
        """The ids that do not read back as stored."""
        door = self.door()
        with requests.Session() as session:
            return [key for key, data in items.items() if not door.has(session, key, data)]


def port_of(stack: Stack) -> int:
    """The port of its container on which the api answers HTTP: as the profile or the files say, else by asking.

    Raises SubjectError where there is none to ask.
    """
    service = stack.roles[Role.API]
    if stack.subject.routes.port:
        return stack.subject.routes.port
    ports = stack.http_ports(service) or _exposed(stack, service)
    if not ports:
        raise SubjectError(
            f"on which port of its container does `{service}` answer HTTP? Neither its command, nor what it publishes"
            " or exposes, nor who leads to it says so",
            hint=f"say it in {PROFILE_NAME}: [routes] port = 8000",
        )
    speaking = (port for port in ports if _speaks_http(stack.runner.address(service, port)))
    return ports[0] if len(ports) == 1 else next(speaking, ports[0])


def _exposed(stack: Stack, service: str) -> tuple[int, ...]:
    """What the image of a service says that it listens on."""
    exposed = stack.runner.container(service).config.exposed_ports or {}
    return tuple(int(port.partition("/")[0]) for port in exposed if port.endswith("/tcp"))


def _speaks_http(address: str) -> bool:
    try:
        requests.get(f"http://{address}/", timeout=HTTP_SECONDS, allow_redirects=False)
    except requests.RequestException:
        return False
    return True


@contextmanager
def writing(items: Items, prefix: str, *, writers: int = WRITERS) -> Iterator[Load]:
    """Writers that store items as fast as they are acknowledged, and go on through failures until the end."""
    door = items.door()
    with at_work(lambda load, number: _write(load, door, f"{prefix}-{number}"), writers) as load:
        yield load


def _write(load: Load, door: Door, prefix: str) -> None:
    number = 0
    with requests.Session() as session:
        while not load.over.is_set():
            number += 1
            key, data = f"{prefix}-{number}", f"value {number} of {prefix}"
            if _stored(session, door, key, data):
                load.acknowledged[key] = data
                load.last = time.monotonic()
            else:
                load.over.wait(0.05)


def _stored(session: requests.Session, door: Door, key: str, data: str) -> bool:
    """Whether the service acknowledged; a refused connection is no acknowledgement, and expected under faults."""
    try:
        return door.store(session, key, data, timeout=ANSWER_SECONDS).ok
    except requests.RequestException:
        return False
