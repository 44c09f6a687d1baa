"""Clients that store items and read them back, each request at a task of its own choosing, for so many seconds.

It runs alone, in a container of the stack's network: `python3 -c ... NAME PORT SECONDS`. Each request asks DNS for the
tasks and connects anew. At the end every item that was acknowledged is read, for as long as it takes within a bound.
"""

import http.client
import json
import random
import socket
import sys
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

CLIENTS = 8
ANSWER_SECONDS = 5.0
READ_SECONDS = 120.0
PAUSE = 0.2  # after a request that failed


class Tally:
    """What all clients saw, added up."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.requests = self.failed = 0
        self.reasons: Counter[str] = Counter()
        self.tasks: Counter[str] = Counter()
        self.acknowledged: list[str] = []
        self.last_success = time.monotonic()
        self.longest_gap = 0.0

    def succeeded(self, task: str) -> None:
        with self.lock:
            now = time.monotonic()
            self.longest_gap = max(self.longest_gap, now - self.last_success)
            self.last_success = now
            self.requests += 1
            self.tasks[task] += 1

    def was_refused(self, why: str) -> None:
        with self.lock:
            self.requests += 1
            self.failed += 1
            self.reasons[why] += 1


def ask(address: str, port: int, method: str, path: str, body: str | None = None) -> tuple[int, bytes]:
    """Status and body of one request over a connection of its own."""
    connection = http.client.HTTPConnection(address, port, timeout=ANSWER_SECONDS)
    try:
        connection.request(method, path, body, {"Content-Type": "application/json"} if body else {})
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


def one_of(name: str) -> str:
    return random.choice(socket.gethostbyname_ex(name)[2])  # noqa: S311 - any will do


def tried(tally: Tally, where: tuple[str, int], wanted: int, method: str, path: str, body: str | None = None) -> bytes:
    """The body of an answer as it is to be; b'' where it is another, or there is none."""
    try:
        task = one_of(where[0])
        status, told = ask(task, where[1], method, path, body)
    except (OSError, http.client.HTTPException) as problem:
        tally.was_refused(type(problem).__name__)
    else:
        if status == wanted:
            tally.succeeded(task)
            return told
        tally.was_refused(str(status))
    time.sleep(PAUSE)
    return b""


def client(tally: Tally, where: tuple[str, int], number: int, until: float) -> None:
    """Store one item after the other, and read each back."""
    count = 0
    while time.monotonic() < until:
        count += 1
        key = f"{socket.gethostname()}-{number}-{count}"
        if tried(tally, where, 201, "POST", "/set", json.dumps({"id": key, "data": key})):
            tally.acknowledged.append(key)
            tried(tally, where, 200, "GET", f"/get/{key}")


def lost_of(where: tuple[str, int], keys: list[str]) -> int:
    """How many items are not there, or could not be read within the bound."""
    until = time.monotonic() + READ_SECONDS
    with ThreadPoolExecutor(CLIENTS) as readers:
        return sum(not found for found in readers.map(lambda key: is_there(where, key, until), keys))


def is_there(where: tuple[str, int], key: str, until: float) -> bool:
    while True:
        try:
            status, told = ask(one_of(where[0]), where[1], "GET", f"/get/{key}")
        except (OSError, http.client.HTTPException):
            status, told = 0, b""
        if status in {200, 404}:
            return status == 200 and json.loads(told) == {key: key}
        if time.monotonic() > until:
            return False
        time.sleep(PAUSE)


def main(name: str, port: str, seconds: str) -> None:
    where, tally, begun = (name, int(port)), Tally(), time.monotonic()
    clients = [
        threading.Thread(target=client, args=(tally, where, number, begun + float(seconds)))
        for number in range(CLIENTS)
    ]
    for one in clients:
        one.start()
    for one in clients:
        one.join()
    found = {
        "requests": tally.requests, "failed": tally.failed, "reasons": tally.reasons, "tasks": tally.tasks,
        "longest_gap": tally.longest_gap, "seconds": time.monotonic() - begun, "acknowledged": len(tally.acknowledged),
        "lost": lost_of(where, tally.acknowledged),
    }  # fmt: skip
    print(json.dumps(found), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
