"""Fill Redis' disk while writers are at work, and give the room back."""

import itertools
import re
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

import redis
import requests

from checks.core.bounds import POLICY_SECONDS, RECOVER_SECONDS
from checks.faults import disk, host
from checks.faults.disk import Disk, NoDiskError
from checks.requirements.r3_durability.judge.full_disk import AT_ONCE, FULL_SECONDS, SILENT, Answers, FullDisk
from checks.requirements.r3_durability.observe.power_cut import put_redis_on
from checks.roles.api.client import Items
from checks.roles.load import Load, at_work, numbered, under_load
from checks.roles.redis import writers
from checks.roles.redis.client import connect
from checks.subject.roles import Role
from checks.subject.stack import Stack
from stack.driver import wait
from stack.driver.containers import Incarnation, incarnation_of, logs_of, restart_policy_of
from stack.driver.errors import StackError
from stack.driver.runners.protocol import all_well

BLOCK = 4096  # bytes: with less room than that, no file grows into another one; with more, a refused write shows it
WRITERS = 2  # through each of api and Redis
PACE = 0.01  # seconds between two writes of a writer
SIZE = 1024  # characters of a value: what is left of the file's last block is soon used up
AT_LEAST = 20  # acknowledged writes through each before the disk is full
OK = "acknowledged"
WHY = re.compile(r"writing to the AOF file|AOF write error|No space left on device")
STARTING = "is starting oO0"  # the line that each start of Redis begins its log with


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What one write was answered, and when it was sent (monotonic seconds)."""

    words: str
    refusal: bool
    at: float
    seconds: float


@dataclass(frozen=True)
class Clients:
    """Writers at work, and each answer that they got."""

    load: Load
    answers: list[Answer]

    def told(self, since: float, until: float) -> Answers:
        """The answers that came in this time, or were waited for at its end.

        The first refusal is of a write that may have been sent before: under load, each writer has one waiting.
        """
        heard = [answer for answer in list(self.answers) if answer.at < until and answer.at + answer.seconds >= since]
        refusals = [one.words for one in heard if one.refusal and one.seconds <= AT_ONCE]
        others = [one for one in heard if one.words != OK and not (one.refusal and one.seconds <= AT_ONCE)]
        return Answers(
            acknowledged=sum(one.words == OK for one in heard),
            refused=len(refusals),
            refusals=tuple(sorted(set(refusals))[:5]),
            neither=tuple(sorted({f"{one.words} after {one.seconds:.1f} s" for one in others})[:5]),
            slowest=round(max((one.seconds for one in heard), default=0.0), 3),
        )


Send = Callable[[str, str], tuple[str, bool] | None]
"""Writes a value to a key: what came of it in words, and whether that is a clear refusal. None: nobody was there."""


def _through_api(stack: Stack) -> Send:
    door, session = Items(stack).door(), requests.Session()

    def send(key: str, value: str) -> tuple[str, bool]:
        try:
            answer = door.store(session, key, value, timeout=AT_ONCE)
        except requests.Timeout:
            return SILENT, False
        except requests.RequestException as problem:
            return type(problem).__name__, False
        return (OK, False) if answer.ok else (f"HTTP {answer.status_code}", answer.status_code >= 500)

    return send


def _through_redis(stack: Stack) -> Send:
    client = connect(stack, "auditor")
    assert client.connection
    connection = client.connection

    def send(key: str, value: str) -> tuple[str, bool] | None:
        try:
            connection.connect_check_health()  # and log in, unless it is done; how long that takes is up to the network
        except redis.RedisError:
            return None
        try:
            client.set(key, value)
        except redis.TimeoutError:
            return SILENT, False
        except redis.ConnectionError:
            return "connection closed", True
        except redis.ResponseError as problem:
            return str(problem), True
        return OK, False

    return send


@contextmanager
def _writing(stack: Stack, prefix: str, through: Callable[[Stack], Send]) -> Iterator[Clients]:
    """Writers that go on through refusals until the end."""
    answers: list[Answer] = []

    def write(load: Load, number: int) -> None:
        send = through(stack)
        for count in itertools.count():
            if load.over.wait(PACE):
                return
            key, value = f"{prefix}-{number}-{count}", f"value {count} of {prefix}".ljust(SIZE, ".")
            at = time.monotonic()
            if (came_of_it := send(key, value)) is None:
                continue
            words, refusal = came_of_it
            answers.append(Answer(words=words, refusal=refusal, at=at, seconds=time.monotonic() - at))
            if words == OK:
                load.acknowledged[key] = value

    with at_work(write, WRITERS) as load:
        yield Clients(load, answers)


@dataclass(frozen=True, kw_only=True)
class Full:
    """The time in which the disk was full (monotonic seconds), and what Redis did then."""

    bytes_left: int
    since: float
    until: float
    logged: tuple[str, ...]
    starts: int
    before: Incarnation


def fill_the_disk(stack: Stack) -> FullDisk:
    """Use up Redis' disk while writers are at work, give the room back, and count what is there."""
    keys = stack.credentials.login("auditor").keys
    with _small_disk(stack) as (found, disk_is):
        with (
            _writing(stack, f"{keys}full", _through_redis) as direct,
            _writing(stack, "full", _through_api) as api,
        ):
            under_load(direct.load, api.load, at_least=AT_LEAST)
            full = _full_for_a_while(stack, found)
            phases, bound = _comeback(stack, full.before)
        lost = _missing(stack, direct, api) if len(phases) == len(FullDisk.bounded) else []
        now = stack.runner.incarnation(stack.roles[Role.REDIS])
    seen = FullDisk(
        disk=disk_is,
        bytes_left=full.bytes_left,
        through_redis=direct.told(full.since, full.until),
        through_api=api.told(full.since, full.until),
        logged=full.logged,
        full_seconds=round(full.until - full.since, 3),
        starts=full.starts,
        anew=now != full.before,
        acknowledged=len(direct.load.acknowledged) + len(api.load.acknowledged),
        lost=len(lost),
        some_lost=tuple(lost[:5]),
        phases=phases,
        bound_s=bound,
    )
    if seen.through_redis.refused == 0 and (seen.bytes_left >= BLOCK or (seen.back and not seen.lost)):
        raise StackError(f"Redis took every write: the disk was not full for it ({seen.bytes_left} bytes left)")
    return seen


@contextmanager
def _small_disk(stack: Stack) -> Iterator[tuple[Disk, str]]:
    """Redis on a disk of ours, restarted as the stack has it: ext4 or, where nobody may be privileged, a tmpfs."""
    pid = host.main_process(stack, stack.roles[Role.REDIS])
    with ExitStack() as cleanup:
        try:
            found, kind = cleanup.enter_context(disk.provided(stack.project.labels, pid)), "ext4"
        except NoDiskError:
            found, kind = cleanup.enter_context(disk.in_memory(stack.project.labels, pid)), "tmpfs"
        put_redis_on(stack, found)
        yield found, kind


def _full_for_a_while(stack: Stack, found: Disk) -> Full:
    """Use up the disk; kill the Redis that runs even so, which costs what it has in memory alone; give room again."""
    service = stack.roles[Role.REDIS]
    before, at = stack.runner.container(service), datetime.now(UTC)
    since = time.monotonic()  # the first refusal may come before all of it is used up
    bytes_left = found.fill(leave=0)
    time.sleep(FULL_SECONDS)
    said, after, until = (
        logs_of(stack.runner.container(service), since=at).splitlines(),
        stack.runner.container(service),
        time.monotonic(),
    )
    if pid := host.main_process(stack, service):
        found.kill(pid)
    found.empty()
    return Full(
        bytes_left=bytes_left,
        since=since,
        until=until,
        logged=tuple(line for line in said if WHY.search(line))[-4:],
        starts=max(sum(STARTING in line for line in said), (after.restart_count or 0) - (before.restart_count or 0)),
        before=incarnation_of(before),
    )


def _missing(stack: Stack, direct: Clients, api: Clients) -> list[str]:
    """What was acknowledged and is not there as it was written."""
    return [*writers.lost(stack, direct.load.acknowledged), *Items(stack).lost(api.load.acknowledged)]


def _comeback(stack: Stack, before: Incarnation) -> tuple[dict[str, float], float]:
    """Seconds from now to Redis running anew, and to everything healthy and storing; and their declared bound."""
    service, began = stack.roles[Role.REDIS], time.monotonic()
    delay = restart_policy_of(stack.runner.container(service)).delay_bound()
    probes = max(stack.runner.health_check(name).detection_bound for name in stack.project.services)
    bound = delay + probes + stack.runner.health_check(service).first_probe_bound

    def runs_anew() -> bool:
        state = stack.runner.state(service)
        return state.status == "running" and state.started_at != before

    if not wait.until(runs_anew, bool, within=delay + POLICY_SECONDS).reached:
        return {}, bound
    phases = {"restart": round(time.monotonic() - began, 3)}
    new = numbered(f"room-{time.time_ns()}", 1)
    recover = wait.until(lambda: _stores(stack, new), bool, within=probes + RECOVER_SECONDS)
    if recover.reached:
        phases["recover"] = round(recover.seconds, 3)
    return phases, bound


def _stores(stack: Stack, new: Mapping[str, str]) -> bool:
    """Whether every service is healthy, and the api stores and gives back."""
    if not all_well(stack.runner.status()):
        return False
    try:
        Items(stack).store(new)
        return not Items(stack).lost(new)
    except requests.RequestException:
        return False


def in_words(seen: FullDisk) -> str:
    """What a reader of the verdict should know of Redis on a full disk."""
    if seen.starts == 0:
        return "Redis went on running"
    times = "once" if seen.starts == 1 else f"{seen.starts} times"
    return (
        f"Redis ended rather than acknowledge, and was started again {times} in {seen.full_seconds:.0f} s: no service"
    )
