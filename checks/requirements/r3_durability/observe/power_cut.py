"""Cut the power of Redis' disk while clients write, start it again, and count."""

import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from random import Random

import redis
import requests

from checks.faults import disk, host
from checks.faults.disk import Disk
from checks.requirements.r3_durability.judge.power_cut import (
    AT_LEAST,
    AT_LEAST_LARGE,
    BACK_SECONDS,
    MOST_TRIES,
    TRIES,
    Cut,
    Moment,
    PowerCuts,
)
from checks.requirements.r3_durability.observe.restart import data_directory
from checks.roles.api.client import Items, writing
from checks.roles.load import LOAD_SECONDS, Load, numbered, under_load
from checks.roles.redis import writers
from checks.roles.redis.client import connect
from checks.roles.redis.mutations import redis_with
from checks.subject.roles import Role
from checks.subject.stack import Stack
from stack.driver import wait
from stack.driver.errors import NotHealthyError, OutOfTimeError, StackError

API_WRITERS = 2
PIPELINED = 16
LARGE = 2**17  # characters
SHUTDOWN_SECONDS = 0.1  # Redis looks ten times a second whether it was asked to end


@contextmanager
def on_a_disk_of_ours(stack: Stack) -> Iterator[Disk]:
    """Redis made anew with its data directory, empty, on a disk whose power can be cut; nothing else is changed.

    No restart policy starts it: that would be before the power is back. Raises NoDiskError where there is no such disk.
    """
    with disk.provided(stack.project.labels, main_process(stack)) as found:
        put_redis_on(stack, found, restart="no")
        yield found


def put_redis_on(stack: Stack, found: Disk, **changes: str) -> None:
    """Redis made anew with its data directory, empty, on a disk of ours, and with these keys of its service changed."""
    service, (directory, *_) = stack.roles[Role.REDIS], data_directory(stack)
    mount = {"type": "volume", "source": "ours", "target": directory, "volume": {"nocopy": True}}
    volume = {"labels": dict(stack.project.labels), **found.volume} if "external" not in found.volume else found.volume
    services = {service: {"volumes": [mount], **changes}}
    stack.project.override(json.dumps({"services": services, "volumes": {"ours": volume}}))
    stack.runner.recreate(service)
    _wait_until_storing(stack, "on-our-disk")


def cut_the_power(
    stack: Stack, moments: Sequence[Moment] = tuple(Moment), policies: Sequence[str] = ("everysec", "no")
) -> PowerCuts:
    """Cut the power at each of these moments, then once or a few times under each of these policies.

    Not after one that Redis does not come back from: that says it all, and there is nobody left to write to.
    """
    cuts: list[Cut] = []
    with on_a_disk_of_ours(stack) as found:
        policy = policy_of(stack)
        for moment in moments:
            cuts.append(_cut_in_the_middle(stack, found, moment))
            if not cuts[-1].back:
                return PowerCuts(policy=policy, cuts=tuple(cuts), controls={})
        return PowerCuts(
            policy=policy, cuts=tuple(cuts), controls={other: _control(stack, found, other) for other in policies}
        )


def cut_until_it_costs(stack: Stack, moment: Moment) -> PowerCuts:
    """The same at one moment: for who wants to see that something is lost."""
    with on_a_disk_of_ours(stack) as found:
        return PowerCuts(policy=policy_of(stack), cuts=_until_it_costs(stack, found, moment), controls={})


def _control(stack: Stack, found: Disk, policy: str) -> tuple[Cut, ...]:
    """Cuts under another policy."""
    put_under(stack, policy)
    return _until_it_costs(stack, found, Moment.PIPELINE)


def _until_it_costs(stack: Stack, found: Disk, moment: Moment) -> tuple[Cut, ...]:
    """Cuts until one costs something, or Redis does not come back from it; not more than a few."""
    cuts: list[Cut] = []
    while len(cuts) < TRIES and not any(one.lost or not one.back for one in cuts):
        cuts.append(_cut_in_the_middle(stack, found, moment))
    return tuple(cuts)


def put_under(stack: Stack, policy: str) -> None:
    """Redis made anew under another policy; raises StackError where it does not have it then."""
    redis_with("--appendfsync", policy)(stack)
    stack.runner.recreate(stack.roles[Role.REDIS])
    _wait_until_storing(stack, f"under-{policy}")
    if (seen := policy_of(stack)) != policy:
        raise StackError(f"Redis could not be given another policy: appendfsync is `{seen}`, not `{policy}`")


def conclusive(seen: PowerCuts) -> None:
    """Raises StackError where a control lost nothing either: what survives then says nothing of the subject."""
    for policy, cuts in seen.controls.items():
        if not any(one.lost for one in cuts):
            raise StackError(f"{len(cuts)} power cuts cost nothing under `appendfsync {policy}` either")


def _cut_in_the_middle(stack: Stack, found: Disk, moment: Moment) -> Cut:
    """A cut that met Redis at that moment, or cost something; raises StackError where none did.

    What a stopping Redis does is over in no time, so it is often missed.
    """
    for _ in range(MOST_TRIES):
        seen = cut(stack, found, moment)
        if seen.in_the_middle or seen.lost or not seen.back:
            return seen
    raise OutOfTimeError(f"{MOST_TRIES} power cuts did not meet Redis {moment}")


def cut(stack: Stack, found: Disk, moment: Moment) -> Cut:
    """Write through Redis and the api, cut the power at this moment, switch it on again, and count what is there."""
    seen, through_redis, _ = outage(stack, found, moment)
    if seen.back:
        writers.forget(stack, through_redis)
    return seen


def outage(
    stack: Stack, found: Disk, moment: Moment, *, longer: float = 0.0
) -> tuple[Cut, dict[str, str], dict[str, str]]:
    """The same after so many more seconds under load; what was acknowledged through Redis and the api comes with it."""
    prefix = f"cut-{time.time_ns()}"
    shape = {Moment.PIPELINE: {"pipelined": PIPELINED}, Moment.LARGE: {"size": LARGE}}.get(moment, {})
    with (
        writing(Items(stack), prefix, writers=API_WRITERS) as api,
        writers.writing_to_redis(stack, prefix, **shape) as direct,
    ):
        under_load(api, at_least=AT_LEAST["api"])
        under_load(direct, at_least=AT_LEAST_LARGE if moment is Moment.LARGE else AT_LEAST["redis"])
        time.sleep(longer)
        in_the_middle = CUTTING.get(moment, _while_writing)(stack, found, direct)
        began = time.monotonic()
        if moment is Moment.WRITING:
            stack.runner.kill_and_start(stack.roles[Role.API])
        api.over.set()
        direct.over.set()
        found.renew()
        stack.runner.start(stack.roles[Role.REDIS])
    answers = _answers_again(stack, prefix)
    lost = writers.lost(stack, direct.acknowledged) if answers else []
    lost_through_api = Items(stack).lost(api.acknowledged) if answers else []
    counted = time.monotonic()
    seen = Cut(
        moment=moment,
        in_the_middle=in_the_middle,
        through_redis=len(direct.acknowledged),
        through_api=len(api.acknowledged),
        back=answers and _healthy(stack),
        lost=len(lost) + len(lost_through_api),
        lost_through_api=len(lost_through_api),
        some_lost=tuple([*lost, *lost_through_api][:5]),
        seconds=round(counted - began, 3),
    )
    return seen, direct.acknowledged, api.acknowledged


def _while_writing(stack: Stack, found: Disk, _: Load) -> bool:
    return found.cut(main_process(stack))


def _while_rewriting(stack: Stack, found: Disk, direct: Load) -> bool:
    """The rewrite's process is frozen, so that it is surely under way; writes go on beside it."""
    pid = main_process(stack)
    with connect(stack, "auditor") as auditor:
        _until_frozen(found, pid, auditor)
        under_load(direct, at_least=len(direct.acknowledged) + AT_LEAST["redis"])
        under_way = bool(auditor.info("persistence")["aof_rewrite_in_progress"])
    return found.cut(pid) and under_way


def _until_frozen(found: Disk, pid: int, auditor: redis.Redis) -> None:
    """Raises StackError where every rewrite was over before it could be frozen: there is little to rewrite."""
    for _ in range(MOST_TRIES):
        if found.freeze_next_child(pid, auditor.bgrewriteaof):
            return
        wait.until(
            lambda: auditor.info("persistence")["aof_rewrite_in_progress"], lambda busy: not busy, within=LOAD_SECONDS
        )
    raise OutOfTimeError(f"{MOST_TRIES} rewrites of the append-only file were over before one could be frozen")


def _while_stopping(stack: Stack, found: Disk, _: Load) -> bool:
    soon = SHUTDOWN_SECONDS * Random().random() ** 3  # noqa: S311 - rather soon: Redis may look more often than that
    return found.cut(main_process(stack), end_first=soon)


def _while_starting(stack: Stack, found: Disk, direct: Load) -> bool:
    """Killed and started again; the power goes soon after."""
    found.kill(main_process(stack))
    direct.over.set()
    wait.until(lambda: stack.runner.state(stack.roles[Role.REDIS]).status, lambda status: status == "exited", within=10)
    stack.runner.start(stack.roles[Role.REDIS])
    return found.cut(main_process(stack))


CUTTING: Mapping[Moment, Callable[[Stack, Disk, Load], bool]] = {
    Moment.REWRITE: _while_rewriting,
    Moment.STOPPING: _while_stopping,
    Moment.STARTING: _while_starting,
}


def main_process(stack: Stack) -> int:
    """The pid of Redis; raises StackError where it does not run."""
    if pid := host.main_process(stack, stack.roles[Role.REDIS]):
        return pid
    raise StackError("Redis does not run, so nothing can be done to it")


def _wait_until_storing(stack: Stack, prefix: str) -> None:
    """Raises StackError where Redis or the api does not come back."""
    if not _answers_again(stack, prefix):
        raise OutOfTimeError(f"Redis or the api did not answer within {BACK_SECONDS:.0f} s")


def _answers_again(stack: Stack, prefix: str) -> bool:
    """Wait until Redis answers, and the api stores an item and gives it back; whether that came."""
    new = numbered(f"{prefix}-after", 1)
    return wait.until(lambda: _kept(stack, new), bool, within=BACK_SECONDS, every=0.02).reached


def _kept(stack: Stack, new: Mapping[str, str]) -> bool:
    """Whether these items were stored and read back; not while Redis is down, or reads its files."""
    try:
        with connect(stack, "auditor") as auditor:
            auditor.ping()
        Items(stack).store(new)
        return not Items(stack).lost(new)
    except (redis.RedisError, requests.RequestException):
        return False


def _healthy(stack: Stack) -> bool:
    try:
        stack.runner.wait_until_healthy(every=0.05)
    except NotHealthyError:
        return False
    return True


def policy_of(stack: Stack) -> str:
    """When Redis fsyncs its append-only file (`appendfsync`), in its own words."""
    with connect(stack, "auditor") as auditor:
        return str(auditor.config_get("appendfsync")["appendfsync"])


def in_words(seen: PowerCuts) -> str:
    """'7 cuts, 0 of 2310 acknowledged writes lost; under everysec 204 of 310, under no 418 of 418'."""

    def told(cuts: Sequence[Cut]) -> str:
        return f"{sum(one.lost for one in cuts)} of {sum(one.through_redis + one.through_api for one in cuts)}"

    controls = ", ".join(f"under {policy} {told(cuts)}" for policy, cuts in seen.controls.items())
    return f"{len(seen.cuts)} cuts, {told(seen.cuts)} acknowledged writes lost; {controls}"
