"""Clients that write as fast as they are answered, in a process of their own.

A job comes in on stdin, since it holds a password, and a tally goes out on stdout, both as JSON. Every answer is looked
at. Sockets and bytes made beforehand, so that as little as possible is done beside what is measured.
"""

from __future__ import annotations

import itertools
import json
import re
import selectors
import socket
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from typing import Literal

from checks.roles.redis.wire import packed

KEYS_EACH = 160  # which a client writes again and again: the data stays small however fast it is
VALUE = "v" * 64
ANSWER_SECONDS = 5.0
ACKNOWLEDGED = {b"+OK", b"HTTP/1.1 200 OK", b"HTTP/1.1 201 Created"}
LENGTH = re.compile(rb"^content-length: *(\d+)\r?$", re.IGNORECASE | re.MULTILINE)


@dataclass(frozen=True, kw_only=True)
class Job:
    """What to write where: SETs as a user of Redis, or POSTs of items to a `path`; so many clients, for so long."""

    protocol: Literal["redis", "http"]
    address: tuple[str, int]
    clients: int
    pipelined: int
    seconds: float
    prefix: str
    user: str = ""
    password: str = field(default="", repr=False)
    path: str = ""


@dataclass(frozen=True, kw_only=True)
class Tally:
    """What came of it. `busy` is the share of one core that the clients themselves used."""

    acknowledged: int
    refused: int
    first_refusal: str
    seconds: float
    busy: float


@dataclass
class Client:
    """One connection: what it sends next, how its answers are told apart, and what is not yet a whole answer."""

    connection: socket.socket
    requests: Iterator[bytes]
    answers_in: Callable[[bytes, int], list[bytes] | None]
    begun: bytes = b""

    def ask(self) -> None:
        self.connection.sendall(next(self.requests))

    def answers(self, count: int) -> list[bytes] | None:
        """All that was asked for, a line each; None while some of it is still to come."""
        received = self.connection.recv(65536)
        if not received:
            raise ConnectionError("a connection was closed in the middle")
        self.begun += received
        found = self.answers_in(self.begun, count)
        if found is not None:
            self.begun = b""
        return found


def lines_of_redis(received: bytes, count: int) -> list[bytes] | None:
    """The answers to so many SETs ('+OK', '-NOPERM ...')."""
    *lines, _ = received.split(b"\r\n")
    return lines if len(lines) >= count else None


def status_of_http(received: bytes, _: int) -> list[bytes] | None:
    """The status line of a response, once its body is here as well."""
    head, complete, body = received.partition(b"\r\n\r\n")
    length = LENGTH.search(head)
    if complete and length is None:
        raise ConnectionError("a response does not say how long it is")
    return [head.partition(b"\r\n")[0]] if length and complete and len(body) >= int(length[1]) else None


def sets(prefix: str, pipelined: int) -> list[bytes]:
    """SETs of every key of a client, so many in one request."""
    commands = [packed("SET", f"{prefix}{number}", VALUE) for number in range(KEYS_EACH)]
    return [b"".join(commands[first : first + pipelined]) for first in range(0, KEYS_EACH, pipelined)]


def posts(prefix: str, host: str, path: str) -> list[bytes]:
    """The same as requests to the api, which keep their connection."""
    bodies = [json.dumps({"id": f"{prefix}{number}", "data": VALUE}) for number in range(KEYS_EACH)]
    head = f"POST {path} HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/json\r\nContent-Length: "
    return [f"{head}{len(body)}\r\n\r\n{body}".encode() for body in bodies]


def connected(job: Job, number: int) -> Client:
    """One client, logged in; raises PermissionError where Redis refuses that."""
    connection = socket.create_connection(job.address, timeout=ANSWER_SECONDS)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    prefix = f"{job.prefix}{number}-"
    if job.protocol == "http":
        return Client(connection, itertools.cycle(posts(prefix, job.address[0], job.path)), status_of_http)
    connection.sendall(packed("AUTH", job.user, job.password))
    if (answer := connection.recv(4096).strip()) not in ACKNOWLEDGED:
        raise PermissionError(f"Redis refuses the login of `{job.user}`: {answer.decode(errors='replace')}")
    return Client(connection, itertools.cycle(sets(prefix, job.pipelined)), lines_of_redis)


def write(job: Job) -> Tally:
    """Write for the time given, and on until everything that was sent is answered."""
    with selectors.DefaultSelector() as selector:
        for client in [connected(job, number) for number in range(job.clients)]:
            selector.register(client.connection, selectors.EVENT_READ, client)
        started, used = time.perf_counter(), time.process_time()
        seen = Counter[bytes]()
        for key in selector.get_map().values():
            key.data.ask()
        while selector.get_map():
            for client, answers in answered(selector, job.pipelined):
                if time.perf_counter() - started < job.seconds:
                    client.ask()
                else:
                    selector.unregister(client.connection)
                seen.update(answers)
        seconds = time.perf_counter() - started
        return tallied(seen, seconds, time.process_time() - used)


def answered(selector: selectors.BaseSelector, count: int) -> Iterator[tuple[Client, list[bytes]]]:
    """Each client that has all its answers, with these; raises TimeoutError if nobody is answered for long."""
    ready = selector.select(ANSWER_SECONDS)
    if not ready:
        raise TimeoutError(f"no answer to anybody within {ANSWER_SECONDS:.0f} s")
    for key, _ in ready:
        if (answers := key.data.answers(count)) is not None:
            yield key.data, answers


def tallied(seen: Counter[bytes], seconds: float, used: float) -> Tally:
    refusals = [answer for answer in seen if answer not in ACKNOWLEDGED]
    refused = sum(seen[answer] for answer in refusals)
    return Tally(
        acknowledged=seen.total() - refused,
        refused=refused,
        first_refusal=refusals[0].decode(errors="replace") if refusals else "",
        seconds=seconds,
        busy=used / seconds,
    )


def main() -> int:
    """Do the job on stdin; 1, with a sentence, where a connection failed."""
    told = json.load(sys.stdin)
    try:
        tally = write(Job(**told | {"address": tuple(told["address"])}))
    except OSError as problem:
        print(problem, file=sys.stderr)
        return 1
    json.dump(asdict(tally), sys.stdout)
    return 0


if __name__ == "__main__":
    sys.exit(main())
