"""Tear or damage the append-only file of a stopped Redis, and see what its start makes of it."""

import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from itertools import takewhile
from pathlib import PurePosixPath

from checks.requirements.r3_durability.judge.append_only_file import Changes, Damaged, Start, Torn, Within
from checks.requirements.r3_durability.observe.restart import data_directory
from checks.roles.api.client import Items
from checks.roles.load import numbered
from checks.roles.redis import aof
from checks.roles.redis.aof import Record
from checks.roles.redis.wire import packed
from checks.subject.roles import Role
from checks.subject.stack import Stack
from stack.driver import docker, helper, wait
from stack.driver.containers import logs_of, state_of
from stack.driver.errors import OutOfTimeError, StackError, SubjectError, last_lines

ITEMS = 20
LOADING_SECONDS = 20.0  # for Redis to read its files, beside the time until its first probe
TRIES = 5
ENDS = 3  # so often Redis ends by itself until it counts as one that does not start
UNACKNOWLEDGED = packed("SET", "torn-tail", "a value that nobody acknowledged")
TORN: Mapping[Within, bytes] = {
    "value": UNACKNOWLEDGED[:-20],
    "length": UNACKNOWLEDGED[: UNACKNOWLEDGED.rindex(b"$") + 2],  # `$3` of `$32`
}


def tear_the_tail(stack: Stack, within: Within) -> Torn:
    """Store, append a torn record while Redis is down, start it, store more, restart it, read back."""
    items = _stored(stack, f"before-torn-{within}")
    directory = _directory(stack)
    _stop(stack)
    file, data = list(aof.changes(_files(stack, directory)).items())[-1]
    _write(stack, directory, file, len(data), TORN[within])
    start = _start(stack)
    if start.healthy:
        stack.runner.wait_until_healthy()
        items |= _stored(stack, f"after-torn-{within}")
    cut_off = not any(TORN[within] in data for data in _files(stack, directory).values())
    if start.healthy:
        stack.runner.restart(stack.roles[Role.REDIS])
    return Torn(
        within=within,
        file=file,
        start=start,
        cut_off=cut_off,
        acknowledged=len(items),
        lost=tuple(Items(stack).lost(items)) if start.healthy else (),
    )


def damage_the_middle(stack: Stack) -> Damaged:
    """Store, flip a byte in the middle while Redis is down, let it try to start; put it back, start, read back."""
    items = _stored(stack, "damaged")
    directory = _directory(stack)
    _stop(stack)
    before = _files(stack, directory)
    file, data = list(aof.changes(before).items())[-1]
    found = list(aof.records(data))
    number = _holding(found, list(items.values())[ITEMS // 2])
    at = found[number].frames[1]
    damaged = bytes([data[at] ^ 0xFF])
    _write(stack, directory, file, at, damaged)
    refusal = _start(stack)
    _stop(stack)
    after = _files(stack, directory)
    changed = _changed(before | {file: data[:at] + damaged + data[at + 1 :]}, after)
    if not changed:
        _write(stack, directory, file, at, data[at : at + 1])
    start = _start(stack)
    if start.healthy:
        stack.runner.wait_until_healthy()
    return Damaged(
        file=file,
        record=number + 1,
        records=len(found),
        refusal=refusal,
        changed=changed,
        start=start,
        acknowledged=len(items),
        lost=tuple(Items(stack).lost(items)) if start.healthy else (),
    )


def store_and_read_the_file(stack: Stack) -> Changes:
    """Store new items, then each of them anew, and look for the values and for transactions in the file.

    Again where Redis has rewritten it meanwhile; raises StackError where it always does.
    """
    for _ in range(TRIES):
        before = aof.changes(_files(stack, _directory(stack)))
        items = _stored(stack, f"changes-{time.time_ns()}")
        anew = {key: f"another {data}" for key, data in items.items()}
        Items(stack).store(anew)
        files = aof.changes(_files(stack, _directory(stack)))
        if set(before) <= set(files):
            return _changes([*items.values(), *anew.values()], files)
    raise OutOfTimeError("Redis rewrote its append-only file each time that something was stored, so no change is seen")


def _changes(values: Sequence[str], files: Mapping[str, bytes]) -> Changes:
    found = [record for data in files.values() for record in aof.records(data)]
    words = {word for record in found for word in record.words}
    starts = [number for number, record in enumerate(found) if record.command == "MULTI"]
    return Changes(
        stored=len(values),
        held=sum(any(value.encode() in word for word in words) for value in values),
        records=len(found),
        transactions=len(starts),
        transaction=_transaction(found[starts[0] :]) if starts else (),
    )


def _transaction(found: list[Record]) -> tuple[str, ...]:
    """The commands from here to the EXEC."""
    return (*takewhile(lambda command: command != "EXEC", (record.command for record in found)), "EXEC")


def _holding(found: list[Record], value: str) -> int:
    """Which record holds a value; raises StackError where none does."""
    for number, record in enumerate(found):
        if len(record.words) > 1 and any(value.encode() in word for word in record.words):
            return number
    raise StackError("an item that was stored stands in no record of Redis' append-only file, so none can be damaged")


def _changed(before: Mapping[str, bytes], after: Mapping[str, bytes]) -> tuple[str, ...]:
    return tuple(sorted(name for name, data in before.items() if after.get(name) != data))


def _stored(stack: Stack, prefix: str) -> dict[str, str]:
    items = numbered(prefix, ITEMS)
    Items(stack).store(items)
    return items


def _directory(stack: Stack) -> str:
    """Redis' data directory as its container sees it; raises SubjectError where that is on no mount."""
    directory, mount, _ = data_directory(stack)
    if mount == "none":
        raise SubjectError(f"Redis' data directory {directory} is on no mount, so its files are out of reach")
    return directory


def _files(stack: Stack, directory: str) -> dict[str, bytes]:
    return helper.read_files(stack.project.labels, stack.runner.container(stack.roles[Role.REDIS]).id, directory)


def _write(stack: Stack, directory: str, file: str, at: int, data: bytes) -> None:
    path = str(PurePosixPath(directory) / file)
    helper.write_into(stack.project.labels, stack.runner.container(stack.roles[Role.REDIS]).id, path, at, data)


def _stop(stack: Stack) -> None:
    """Redis stopped by hand; raises StackError if it was not seen stopped."""
    service = stack.roles[Role.REDIS]
    stack.runner.stop(service)
    if (seen := stack.runner.state(service)).status != "exited":
        raise OutOfTimeError(f"service `{service}` could not be stopped: it is {seen}")


def _start(stack: Stack) -> Start:
    """Start Redis, and wait until it is healthy or unhealthy, has ended for good or again and again, or time is up."""
    service, since = stack.roles[Role.REDIS], datetime.now(UTC)
    within = stack.runner.health_check(service).first_probe_bound + LOADING_SECONDS
    stack.runner.start(service)
    seen = wait.until(lambda: stack.runner.container(service), _decided, within=within).value
    return Start(
        healthy=state_of(seen).well and not _given_up(seen),
        state=str(state_of(seen)),
        last_words=" ".join(last_lines(logs_of(stack.runner.container(service), since=since), 1)),
    )


def _decided(redis: docker.Container) -> bool:
    state = state_of(redis)
    return (state.status == "running" and state.health in {"healthy", "unhealthy"}) or _given_up(redis)


def _given_up(redis: docker.Container) -> bool:
    return state_of(redis).status in {"exited", "dead"} or (redis.restart_count or 0) >= ENDS
