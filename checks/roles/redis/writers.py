"""Writers that talk to Redis itself, and what of their acknowledged writes is still there."""

import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from itertools import count
from typing import Any

import redis

from checks.roles.load import Load, at_work
from checks.roles.redis.client import connect
from checks.subject.stack import Stack

WRITERS = 2


@contextmanager
def writing_to_redis(stack: Stack, prefix: str, *, pipelined: int = 1, size: int = 0) -> Iterator[Load]:
    """Writers that SET keys of the auditor's, each `pipelined` at a time, until one loses its connection.

    A value is at least `size` characters long. Each write counts as soon as its own answer is read.
    """
    keys = stack.credentials.login("auditor").keys

    def write(load: Load, number: int) -> None:
        with suppress(redis.ConnectionError, redis.TimeoutError), connect(stack, "auditor") as client:
            _write(load, client, f"{keys}{prefix}-{number}", pipelined, size)

    with at_work(write, WRITERS) as load:
        yield load


def _write(load: Load, client: redis.Redis, prefix: str, pipelined: int, size: int) -> None:
    connection: Any = client.connection  # of whose methods redis-py gives no types
    for first in count(step=pipelined):
        if load.over.is_set():
            return
        numbers = range(first, first + pipelined)
        batch = {f"{prefix}-{number}": f"value {number} of {prefix}".ljust(size, ".") for number in numbers}
        connection.send_packed_command(connection.pack_commands([("SET", *item) for item in batch.items()]))
        for key, value in batch.items():
            if connection.read_response() == "OK":
                load.acknowledged[key] = value
                load.last = time.monotonic()


def lost(stack: Stack, written: dict[str, str]) -> list[str]:
    """The keys that do not have the value that was acknowledged."""
    with connect(stack, "auditor") as client:
        values = _values(client, list(written))
    return [key for key, found in zip(written, values, strict=True) if found != written[key]]


def forget(stack: Stack, written: dict[str, str]) -> None:
    """Delete the keys."""
    with connect(stack, "auditor") as client:
        if written:
            client.delete(*written)


def _values(client: redis.Redis, keys: list[str]) -> list[str | None]:
    pipeline = client.pipeline(transaction=False)
    for key in keys:
        pipeline.get(key)
    return list(pipeline.execute())
