"""Clients that ask as fast as they are answered, and time each answer; in a process of their own.

A job comes in on stdin and a tally goes out on stdout, both as JSON.
"""

from __future__ import annotations

import itertools
import json
import selectors
import socket
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from typing import Literal

from checks.campaigns.bench.command import clients_of
from checks.campaigns.bench.load_generator import ANSWER_SECONDS, status_of_http

KEYS = 16  # of each client: kept and read again and again; few, so that the slowest has kept all while warming up
VALUE = "v" * 100
GOOD = {b"HTTP/1.1 200 OK", b"HTTP/1.1 201 Created"}
Kind = Literal["GET", "SET"]


@dataclass(frozen=True, kw_only=True)
class Job:
    """What to ask of whom: so many clients, for so long."""

    kind: Kind
    host: str
    port: int
    clients: int
    seconds: float


@dataclass(frozen=True, kw_only=True)
class Tally:
    """What came of it. `busy` is the share of one core that the clients themselves used."""

    answered: int
    errors: int
    seconds: float
    p50: float
    p99: float
    busy: float


@dataclass
class Client:
    """One connection, what it asks next, since when, and the beginning of an answer."""

    connection: socket.socket
    requests: Iterator[bytes]
    asked: float = 0.0
    begun: bytes = b""

    def ask(self) -> None:
        self.asked = time.perf_counter()
        self.connection.sendall(next(self.requests))


@dataclass
class Seen:
    """Seconds from question to answer, and how many answers were none of the good ones."""

    seconds: list[float] = field(default_factory=list)
    errors: int = 0


def asked(job: Job) -> Tally:
    """The job done, in that process."""
    return Tally(**clients_of("http_load", asdict(job)))


def requests_of(kind: Kind, number: int, host: str) -> list[bytes]:
    keys = [f"bench-{number}-{key}" for key in range(KEYS)]
    if kind == "GET":
        return [f"GET /get/{key} HTTP/1.1\r\nHost: {host}\r\n\r\n".encode() for key in keys]
    bodies = [json.dumps({"id": key, "data": VALUE}) for key in keys]
    head = f"POST /set HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/json\r\nContent-Length: "
    return [f"{head}{len(body)}\r\n\r\n{body}".encode() for body in bodies]


def load(job: Job) -> Tally:
    with selectors.DefaultSelector() as selector:
        for number in range(job.clients):
            connection = socket.create_connection((job.host, job.port), timeout=ANSWER_SECONDS)
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            client = Client(connection, itertools.cycle(requests_of(job.kind, number, job.host)))
            selector.register(connection, selectors.EVENT_READ, client)
        started, used, seen = time.perf_counter(), time.process_time(), Seen()
        for key in selector.get_map().values():
            key.data.ask()
        _exchange(selector, seen, started + job.seconds)
        return _tallied(seen, time.perf_counter() - started, time.process_time() - used)


def _exchange(selector: selectors.BaseSelector, seen: Seen, end: float) -> None:
    """Every client asks again as soon as it has its answer, until the end; then the last answers are waited for."""
    while selector.get_map():
        ready = selector.select(ANSWER_SECONDS)
        if not ready:
            raise TimeoutError(f"no answer to anybody within {ANSWER_SECONDS:.0f} s")
        for key, _ in ready:
            client: Client = key.data
            if not _answered(client, seen):
                continue
            if client.asked < end and time.perf_counter() < end:
                client.ask()
            else:
                selector.unregister(client.connection)
                client.connection.close()


def _answered(client: Client, seen: Seen) -> bool:
    received = client.connection.recv(65536)
    if not received:
        raise ConnectionError("a connection was closed in the middle")
    client.begun += received
    found = status_of_http(client.begun, 1)
    if found is None:
        return False
    client.begun = b""
    seen.seconds.append(time.perf_counter() - client.asked)
    seen.errors += found[0] not in GOOD
    return True


def _tallied(seen: Seen, seconds: float, used: float) -> Tally:
    ordered = sorted(seen.seconds)
    return Tally(
        answered=len(ordered),
        errors=seen.errors,
        seconds=seconds,
        p50=ordered[len(ordered) // 2],
        p99=ordered[len(ordered) * 99 // 100],
        busy=used / seconds,
    )


def main() -> int:
    print(json.dumps(asdict(load(Job(**json.load(sys.stdin))))))
    return 0


if __name__ == "__main__":
    sys.exit(main())
