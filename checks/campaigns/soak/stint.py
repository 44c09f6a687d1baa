"""A fresh stack with Redis on a disk of ours, and what it goes through."""

import time
from random import Random

from checks.campaigns.soak.outages import Kind, Outage, Step
from checks.core.run import now
from checks.faults.disk import Disk
from checks.requirements.r3_durability.judge.power_cut import Moment
from checks.requirements.r3_durability.observe.power_cut import outage, policy_of, put_under
from checks.roles.api.client import Items
from checks.roles.redis import writers
from checks.roles.redis.client import connect
from checks.subject.roles import Role
from checks.subject.stack import Stack
from stack.driver import wait
from stack.driver.errors import StackError

SAMPLE, SAMPLE_OF_LARGE, SAMPLE_OF_API = 20, 3, 5  # writes of each outage that are looked at again after later ones
AT_MOST, AT_MOST_OF_API = 400, 80  # of them in all
GROWN = 16 * 2**20  # bytes, after which the append-only file is rewritten
REWRITE_SECONDS = 30.0
ROOM = 48 * 2**20  # bytes, for a rewrite beside what there is
EXIT_SECONDS = 10.0


class Stint:
    """What one fresh stack goes through, until it is fit for no more."""

    def __init__(self, stack: Stack, found: Disk, chance: Random) -> None:
        self._stack, self._disk, self._kept = stack, found, Kept(stack, chance)
        self._policy = ""  # the subject's own

    def go_through(self, step: Step) -> Outage:
        """Do it, and count what it cost."""
        began = time.monotonic()
        if step.policy != self._policy:
            put_under(self._stack, step.policy)
            self._policy = step.policy
        appendfsync = policy_of(self._stack)
        found = PowerStays(self._stack, self._disk) if step.kind is Kind.KILL else self._disk
        seen, through_redis, through_api = outage(self._stack, found, step.moment, longer=step.longer)
        look_again = seen.back and not step.policy  # under another policy, losses are wanted
        looked_at_again, lost_later = self._kept.looked_at_again() if look_again else (0, ())
        if seen.back:
            self._tidy_up(step, through_redis, through_api, keep=look_again and not seen.lost)
        return Outage(
            time=now(), step=step, appendfsync=appendfsync, seen=seen, looked_at_again=looked_at_again,
            lost_later=lost_later, took=round(time.monotonic() - began, 3),
        )  # fmt: skip

    def may_go_on(self, last: Outage) -> bool:
        """Whether Redis came back, and its disk has room for what comes."""
        return last.seen.back and int(self._disk.ask("room")["bytes"]) >= ROOM

    def _tidy_up(self, step: Step, through_redis: dict[str, str], through_api: dict[str, str], *, keep: bool) -> None:
        """Keep a sample, have Redis forget the rest, and its append-only file rewritten where it has grown long."""
        if keep:
            sample = SAMPLE_OF_LARGE if step.moment is Moment.LARGE else SAMPLE
            self._kept.take(through_redis, through_api, sample)
        else:
            writers.forget(self._stack, through_redis)
        with connect(self._stack, "auditor") as auditor:
            seen = auditor.info("persistence")
            if seen["aof_current_size"] - seen["aof_base_size"] > GROWN and not seen["aof_rewrite_in_progress"]:
                auditor.bgrewriteaof()
            over = wait.until(
                lambda: auditor.info("persistence"),
                lambda now: not now["aof_rewrite_in_progress"],
                within=REWRITE_SECONDS,
            )
        if not over.reached:
            raise StackError(f"the append-only file is being rewritten for longer than {REWRITE_SECONDS:.0f} s")


class Kept:
    """A sample of what was acknowledged before earlier outages, the first ones included: a late loss shows in it."""

    def __init__(self, stack: Stack, chance: Random) -> None:
        self._stack, self._chance = stack, chance
        self._redis: dict[str, str] = {}
        self._api: dict[str, str] = {}

    def looked_at_again(self) -> tuple[int, tuple[str, ...]]:
        """(How many, which of them are lost); those are told once."""
        count = len(self._redis) + len(self._api)
        gone = (*writers.lost(self._stack, self._redis), *Items(self._stack).lost(self._api))
        for key in gone:
            self._redis.pop(key, None)
            self._api.pop(key, None)
        return count, gone

    def take(self, through_redis: dict[str, str], through_api: dict[str, str], sample: int) -> None:
        """Keep some of these; what is not kept goes from Redis."""
        before = self._redis | through_redis
        self._redis = self._some(self._redis | self._some(through_redis, sample), AT_MOST)
        self._api = self._some(self._api | self._some(through_api, SAMPLE_OF_API), AT_MOST_OF_API)
        writers.forget(self._stack, {key: value for key, value in before.items() if key not in self._redis})

    def _some(self, of: dict[str, str], count: int) -> dict[str, str]:
        return {key: of[key] for key in self._chance.sample(list(of), min(count, len(of)))}


class PowerStays(Disk):
    """The same disk for who only kills."""

    def __init__(self, stack: Stack, found: Disk) -> None:
        self._helper, self.device, self._stack = found._helper, found.device, stack

    def cut(self, pid: int, *, end_first: float | None = None) -> bool:
        """SIGKILL alone."""
        if end_first is not None:
            raise StackError("a kill that asks first is none")
        return self.kill(pid)

    def renew(self) -> None:
        """Wait until Docker has seen that the container is over; it starts none before."""
        redis = self._stack.roles[Role.REDIS]
        over = wait.until(
            lambda: self._stack.runner.state(redis).status, lambda now: now == "exited", within=EXIT_SECONDS, every=0.02
        )
        if not over.reached:
            raise StackError(f"Redis was killed, and its container is {over.value} after {EXIT_SECONDS:.0f} s")
