"""R3: what is broken in a copy of the stack, one thing each."""

import json
import shlex

from checks.roles.redis.mutations import redis_service, redis_with, started_with
from checks.subject.mutation import edit, override, service_with
from checks.subject.roles import Role
from checks.subject.stack import Stack

fsync_every_second = redis_with("--appendfsync", "everysec")
fsync_never = redis_with("--appendfsync", "no")
fsync_suspended_by_rewrites = redis_with("--no-appendfsync-on-rewrite", "yes")
torn_tail_stops_the_start = redis_with("--aof-load-truncated", "no")
nothing_saved = redis_with("--appendonly", "no", "--save", "")
nothing_logged = redis_with("--logfile", "/dev/null")


def started_again_at_once(stack: Stack) -> None:
    """Redis in a loop that starts it again as soon as it has ended: no restart policy sees any of it."""
    loop = "trap 'kill $$!; exit' TERM; while :; do \"$$@\" & wait; done"
    override(stack, Role.REDIS, entrypoint=["sh", "-c", loop, "again"], command=started_with(stack))


def damage_repaired_at_the_start(stack: Stack) -> None:
    """An entrypoint that first has every append-only file repaired, whatever that throws away."""
    repair = "for each; do yes | redis-check-aof --fix $$each; done"
    _before_redis(stack, f"-name '*.manifest' -exec sh -c '{repair}' repair {{}} +")


def data_thrown_away_at_the_start(stack: Stack) -> None:
    """An entrypoint that first removes what there is."""
    _before_redis(stack, "-mindepth 1 -delete")


def _before_redis(stack: Stack, expression: str) -> None:
    """Redis started only after this was done to its data (an expression of `find`)."""
    folders = [mount["target"] for mount in redis_service(stack).get("volumes") or () if not mount.get("read_only")]
    first = f'find {shlex.join(folders)} {expression}; exec "$$@"'
    override(stack, Role.REDIS, entrypoint=["sh", "-c", first, "first"], command=started_with(stack))


def fsync_swallowed(stack: Stack) -> None:
    """The kernel tells Redis that each fsync was done, and does nothing: its own word is then worth nothing."""
    rule = {"names": ["fsync", "fdatasync", "sync_file_range"], "action": "SCMP_ACT_ERRNO", "errnoRet": 0}
    profile = {"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [rule]}
    (stack.project.directory / "swallowed.json").write_text(json.dumps(profile))
    override(stack, Role.REDIS, security_opt=["seccomp:./swallowed.json"])


def data_beside_the_mount(stack: Stack) -> None:
    """The append-only file in memory, in a directory of the container's own."""
    override(stack, Role.REDIS, tmpfs=["/beside:mode=1777"])
    redis_with("--dir", "/beside")(stack)


STORED_FIRST = "before = await self._ask(command, self.items)\n        return before is None"
STORED_LATER = """import asyncio

        storing = self._ask(command, self.items)
        asyncio.get_running_loop().call_later(0.05, asyncio.ensure_future, storing)
        return True"""
acknowledged_before_it_is_stored = service_with("store.py", STORED_FIRST, STORED_LATER)
STORED_AT_LEISURE = """import asyncio

        async def later():
            await asyncio.sleep(0.05)
            while True:
                try:
                    return await self._ask(command, self.items)
                except StoreError:
                    await asyncio.sleep(0.1)

        asyncio.ensure_future(later())
        return True"""
stored_later_until_it_works = service_with("store.py", STORED_FIRST, STORED_AT_LEISURE)
TRIED_AGAIN = """import asyncio

        while True:
            try:
                return await self._ask(command, self.items) is None
            except StoreError:
                await asyncio.sleep(0.1)"""
tried_until_it_is_stored = service_with("store.py", STORED_FIRST, TRIED_AGAIN)
# The four go out in one write, so that nothing of another request comes between them.
TWO_COMMANDS = """import asyncio

        once = command[:3]
        steps = (("MULTI",), once, once, ("EXEC",))
        self._commands |= {name: accepted(name) for name in ("MULTI", "EXEC")}
        await asyncio.gather(*(self._ask(step, self.items) for step in steps))
        return True"""


def stored_in_a_transaction(stack: Stack) -> None:
    """The service stores an item with two commands between MULTI and EXEC, which its user may do."""
    edit(stack, "-@all +set +get +ping\n", "-@all +set +get +ping +multi +exec\n")
    service_with("store.py", STORED_FIRST, TWO_COMMANDS)(stack)
