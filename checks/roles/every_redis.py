"""Every Redis of a project beside the one in the role: as files tell it, and by what answers in RESP where it runs."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass

from checks.roles.redis.endpoint import endpoint_of
from checks.roles.redis.speaks import TO_PING
from checks.roles.redis.wire import Wire, packed
from checks.subject.ports import published
from checks.subject.role_tables import Role, product
from checks.subject.roles import Found, Search
from checks.subject.stack import Files, Stack
from stack.driver import docker
from stack.driver.errors import StackError, SubjectError

SENTINEL = "*2"  # what ROLE begins with there; a primary says `*3`, a replica `*5`
LISTENS = "0A"
LOOPBACK = re.compile(
    r"[0-9A-F]{6}7F|0{24}01000000|0{16}FFFF0000[0-9A-F]{6}7F"
)  # as proc(5) writes 127.0.0.0/8 and ::1


@dataclass(frozen=True, kw_only=True)
class Place:
    """A port of a service that answers PING in RESP, with what it says to who has not logged in."""

    service: str
    port: int
    answer: str

    @property
    def open(self) -> bool:
        """Whether it obeys without a login; in protected mode it would, and turns others away by their address."""
        return self.answer.startswith(("+PONG", "-DENIED"))

    def __str__(self) -> str:
        return f"{self.service} port {self.port}"


def told_by_files(files: Files) -> dict[str, str]:
    """{service: why} of each that is a Redis by its image or its program, beside the one in the role.

    Where nothing tells which of several that is, all of them are others.
    """
    search = Search(config=files.project.config, named=files.subject.roles)
    return {name: why for name, why in search.playing(Role.REDIS).items() if name != _own(files)}


def told_by_answers(stack: Stack) -> tuple[Place, ...]:
    """Every port of the running services that speaks RESP, without the one that is judged already; no Sentinel."""
    own = (_own(stack), _own_port(stack))
    places = ((name, port) for name in stack.project.services for port in ports_for_others(stack, name))
    return tuple(found for one in places if one != own and (found := _asked(stack, *one)))


def _own(files: Files) -> str:
    """The service in the role, '' where nobody is, or nothing tells who."""
    found = files.roles.findings[Role.REDIS]
    return found.service if isinstance(found, Found) else ""


def _own_port(stack: Stack) -> int:
    with suppress(SubjectError):
        endpoint = endpoint_of(stack)
        return int(endpoint.at) if endpoint.kind == "tcp" else 0
    return 0


def _asked(stack: Stack, service: str, port: int) -> Place | None:
    with suppress(OSError, StackError), Wire(stack.runner.address(service, port)) as wire:
        answer = wire.ask(packed("PING"))
        if answer.startswith("-") and answer.startswith(TO_PING):
            return Place(service=service, port=port, answer=answer)
        if answer.startswith("+PONG") and wire.ask(packed("ROLE")) != SENTINEL:
            return Place(service=service, port=port, answer=answer)
    return None


def ports_for_others(stack: Stack, service: str) -> tuple[int, ...]:
    """The TCP ports on which its container listens for others; where that is not told, what it exposes and 6379."""
    try:
        container = stack.runner.container(service)
    except StackError:  # it is away: nobody is there to speak to
        return ()
    if not {*(container.network_settings.networks or {})} - {"none", "host"}:
        return ()
    with suppress(StackError):  # an image without `cat`
        _, text = docker.run_inside(container.id, "cat", "/proc/net/tcp", "/proc/net/tcp6")
        return tuple(sorted(set(ports_in(text))))
    exposed = {int(port.partition("/")[0]) for port in container.config.exposed_ports or {} if port.endswith("/tcp")}
    return tuple(sorted(exposed | {*published(stack.services[service]), *product(Role.REDIS).ports}))


def ports_in(text: str) -> Iterator[int]:
    """The ports that are listened on beyond the loopback, from /proc/net/tcp and tcp6."""
    for line in text.splitlines():
        words = line.split()
        if len(words) > 3 and words[3] == LISTENS:
            address, _, port = words[1].rpartition(":")
            if not LOOPBACK.fullmatch(address):
                yield int(port, 16)
