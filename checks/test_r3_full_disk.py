"""R3 on a full disk: nothing acknowledged is lost, whoever writes is told, and the stack is back when there is room."""

import itertools
import math
import re
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

import pytest
import redis
import requests

from checks.core.evidence import Evidence
from checks.core.verdict import Violation, judges
from checks.faults import disk
from checks.faults.disk import Disk, NoDiskError
from checks.roles.api.client import Items, Load, at_work, numbered, under_load
from checks.roles.redis import writers
from checks.roles.redis.client import connect
from checks.subject.profile import Role
from checks.test_r3_power_cut import put_redis_on
from checks.test_r9_healing import COMEBACK_SLACK, POLICY_SECONDS, RECOVER_SECONDS
from stack.driver import wait
from stack.driver.errors import StackError
from stack.driver.project import Stack, all_well

FULL_SECONDS = 3.0  # restarts are by then 1.6 s apart, and a tight loop has made dozens
BLOCK = 4096  # bytes: with less room than that, no file grows into another one; with more, a refused write shows it
WRITERS = 2  # through each of api and Redis
PACE = 0.01  # seconds between two writes of a writer
SIZE = 1024  # characters of a value: what is left of the file's last block is soon used up
AT_LEAST = 20  # acknowledged writes through each before the disk is full
AT_ONCE = 3.0  # seconds for an answer, as a client waits for it
FIRST_DELAY = 0.1  # of Docker's restart policies, which double it each time
BY_OTHERS = 2  # restarts that a healer may add meanwhile
OK = "acknowledged"
SILENT = f"no answer within {AT_ONCE:.0f} s"
WHY = re.compile(r"writing to the AOF file|AOF write error|No space left on device")
STARTING = "is starting oO0"  # the line that each start of Redis begins its log with


@dataclass(frozen=True, kw_only=True)
class Answers:
    """What writers were answered while the disk was full."""

    acknowledged: int
    refused: int  # an error of the 500s from the api; an error or a closed connection from Redis
    refusals: tuple[str, ...]  # some of them
    neither: tuple[str, ...]  # whatever else it was: another status, or nothing in time
    slowest: float


@dataclass(frozen=True, kw_only=True)
class FullDisk:
    """What came of writing to a disk that was full for some seconds.

    `phases` are seconds: from room again to Redis running anew, to all of the stack healthy and storing; one that was
    not reached is missing. `bound_s` is what the restart policy's delay and the first probes may take of them together.
    """

    disk: str  # its file system
    bytes_left: int
    through_redis: Answers
    through_api: Answers
    logged: tuple[str, ...]  # by Redis, of the reason
    full_seconds: float
    starts: int  # of Redis meanwhile
    anew: bool  # Redis has started since, so that what is there was on the disk
    acknowledged: int  # before, meanwhile and after
    lost: int
    some_lost: tuple[str, ...]
    phases: Mapping[str, float]
    bound_s: float
    bounded: tuple[str, ...] = ("restart", "recover")  # what the bound is for: the report's pictures want to know

    @property
    def back(self) -> bool:
        return set(self.bounded) <= set(self.phases)


@judges(FullDisk)
def full_disk_violations(seen: FullDisk) -> list[Violation]:
    return [*_lost(seen), *_not_told(seen), *_hammered(seen), *_not_back(seen)]


def _lost(seen: FullDisk) -> Iterator[Violation]:
    rule = "full-disk-loses-nothing"
    if not seen.back:  # nobody can say
        return
    if seen.lost or seen.acknowledged == 0:
        told = f"{seen.lost} of {seen.acknowledged} lost: {', '.join(seen.some_lost)}"
        yield Violation(rule, seen=told, wanted="none lost")
    elif seen.through_redis.refused == 0 or not seen.anew:
        told = f"{seen.bytes_left} bytes left, {seen.through_redis.refused} writes refused, Redis anew: {seen.anew}"
        yield Violation(rule, seen=told, wanted="a full disk, which refuses a write, and a new start")


def _not_told(seen: FullDisk) -> Iterator[Violation]:
    rule = "full-disk-is-told"
    for through, answers in (("Redis", seen.through_redis), ("the api", seen.through_api)):
        if answers.neither or answers.refused == 0:
            told = f"{through}: {answers.refused} refused; {', '.join(answers.neither)}"
            yield Violation(rule, seen=told, wanted=f"{through}: an error at once")
    if not seen.logged:
        yield Violation(rule, seen="Redis logs nothing of it", wanted="the reason, in its log")


def _hammered(seen: FullDisk) -> Iterator[Violation]:
    if seen.starts > (most := starts_at_most(seen.full_seconds)):
        told = f"{seen.starts} starts in {seen.full_seconds:.1f} s"
        yield Violation("full-disk-is-no-tight-loop", seen=told, wanted=f"at most {most}")


def _not_back(seen: FullDisk) -> Iterator[Violation]:
    rule, took = "full-disk-comes-back", sum(seen.phases.values())
    if missing := [phase for phase in seen.bounded if phase not in seen.phases]:
        yield Violation(rule, seen=f"no {missing[0]} when there was room", wanted="healthy and storing by itself")
    elif took > seen.bound_s + COMEBACK_SLACK:
        yield Violation(rule, seen=f"after {took:.1f} s", wanted=seen.bound_s)


def starts_at_most(seconds: float) -> int:
    """How often Redis may start in this time: after 0.1 s, 0.2 s, 0.4 s, ..., and for whoever else restarts it."""
    return math.floor(math.log2(seconds / FIRST_DELAY + 1)) + BY_OTHERS


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
    url, session = Items(stack).url(stack.subject.routes.set), requests.Session()

    def send(key: str, value: str) -> tuple[str, bool]:
        try:
            answer = session.post(url, json={"id": key, "data": value}, timeout=AT_ONCE)
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
    started_before: datetime | None


def fill_the_disk(stack: Stack) -> FullDisk:
    """Use up Redis' disk while writers are at work, give the room back, and count what is there."""
    keys = stack.login("auditor").keys
    with _small_disk(stack) as (found, disk_is):
        with (
            _writing(stack, f"{keys}full", _through_redis) as direct,
            _writing(stack, "full", _through_api) as api,
        ):
            under_load(direct.load, api.load, at_least=AT_LEAST)
            full = _full_for_a_while(stack, found)
            phases, bound = _comeback(stack, full.started_before)
        lost = _missing(stack, direct, api) if len(phases) == len(FullDisk.bounded) else []
        started = stack.state(stack.roles[Role.REDIS]).started_at
    seen = FullDisk(
        disk=disk_is,
        bytes_left=full.bytes_left,
        through_redis=direct.told(full.since, full.until),
        through_api=api.told(full.since, full.until),
        logged=full.logged,
        full_seconds=round(full.until - full.since, 3),
        starts=full.starts,
        anew=started != full.started_before,
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
    pid = stack.main_process(stack.roles[Role.REDIS])
    with ExitStack() as cleanup:
        try:
            found, kind = cleanup.enter_context(disk.provided(stack.labels, pid)), "ext4"
        except NoDiskError:
            found, kind = cleanup.enter_context(disk.in_memory(stack.labels, pid)), "tmpfs"
        put_redis_on(stack, found)
        yield found, kind


def _full_for_a_while(stack: Stack, found: Disk) -> Full:
    """Use up the disk; kill the Redis that runs even so, which costs what it has in memory alone; give room again."""
    service = stack.roles[Role.REDIS]
    before, at = stack.container(service), datetime.now(UTC)
    since = time.monotonic()  # the first refusal may come before all of it is used up
    bytes_left = found.fill(leave=0)
    time.sleep(FULL_SECONDS)
    said, after, until = stack.logs(service, since=at).splitlines(), stack.container(service), time.monotonic()
    if pid := stack.main_process(service):
        found.kill(pid)
    found.empty()
    return Full(
        bytes_left=bytes_left,
        since=since,
        until=until,
        logged=tuple(line for line in said if WHY.search(line))[-4:],
        starts=max(sum(STARTING in line for line in said), (after.restart_count or 0) - (before.restart_count or 0)),
        started_before=before.state.started_at,
    )


def _missing(stack: Stack, direct: Clients, api: Clients) -> list[str]:
    """What was acknowledged and is not there as it was written."""
    return [*writers.lost(stack, direct.load.acknowledged), *Items(stack).lost(api.load.acknowledged)]


def _comeback(stack: Stack, before: datetime | None) -> tuple[dict[str, float], float]:
    """Seconds from now to Redis running anew, and to everything healthy and storing; and their declared bound."""
    service, began = stack.roles[Role.REDIS], time.monotonic()
    delay, probes = stack.restart_delay_bound(service), max(map(stack.detection_bound, stack.services))
    bound = delay + probes + stack.first_probe_bound(service)

    def runs_anew() -> bool:
        state = stack.state(service)
        return state.status == "running" and state.started_at != before

    if not wait.first(runs_anew, bool, within=delay + POLICY_SECONDS).reached:
        return {}, bound
    phases = {"restart": round(time.monotonic() - began, 3)}
    new = numbered(f"room-{time.time_ns()}", 1)
    recover = wait.first(lambda: _stores(stack, new), bool, within=probes + RECOVER_SECONDS)
    if recover.reached:
        phases["recover"] = round(recover.seconds, 3)
    return phases, bound


def _stores(stack: Stack, new: Mapping[str, str]) -> bool:
    """Whether every service is healthy, and the api stores and gives back."""
    if not all_well(stack.glance()):
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


@pytest.mark.requirement("R3")
def test_a_full_disk_loses_nothing_and_is_told_and_survived(own_stack: Stack, evidence: Evidence) -> None:
    seen = evidence.saw(fill_the_disk(own_stack))
    evidence.note(f"a full disk ({seen.disk}): {in_words(seen)}")
    assert full_disk_violations(seen) == []
