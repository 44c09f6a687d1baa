"""Restart, kill, rewrite, take down; read the settings, look into the mount."""

import os
import time
from pathlib import Path, PurePosixPath
from typing import Literal

from checks.faults import process
from checks.requirements.r3_durability.judge.restart import Attached, Kept, Rewritten, Settings
from checks.requirements.r3_durability.observe.storage import storage_of
from checks.roles.api.client import Items, writing
from checks.roles.load import Load, numbered
from checks.roles.redis.client import connect
from checks.subject.roles import Role
from checks.subject.stack import Stack
from stack.driver import wait
from stack.driver.errors import OutOfTimeError
from stack.driver.progress import Progress
from stack.ops.agents.aof_archive import manifest_below, named_in

ITEMS = 50
LOAD_AT_LEAST = 200  # acknowledged writes before the kill
REWRITES = 3  # one alone may be over before a writer's next write
REWRITE_SECONDS = 30


def restart(stack: Stack) -> Kept:
    """Store, restart Redis in the ordinary way, read back."""
    stored, before = _stored(stack, "restart"), _start(stack)
    stack.runner.restart(stack.roles[Role.REDIS])
    return _kept(stack, "restart", stored, before)


def take_down_and_up(stack: Stack) -> Kept:
    """Store, remove every container but not the data, bring the stack up, read back."""
    stored, before = _stored(stack, "down-up"), _start(stack)
    stack.runner.down()
    with Progress() as progress:
        stack.runner.up(progress)
    return _kept(stack, "down-up", stored, before)


def kill_under_load(stack: Stack) -> Kept:
    """Kill Redis' main process while writers are at work; it comes back by itself; read back what was acknowledged."""
    before = _start(stack)
    with writing(Items(stack), "kill") as load:
        at_work = _under_load(load)
        _kill(stack, before)
    return _kept(stack, "kill", load.acknowledged, before, in_the_middle_of_writing=at_work)


def _under_load(load: Load) -> bool:
    """Wait until writers are at work, and one write was just acknowledged; raises StackError where that never comes."""

    def more_than(count: int) -> bool:
        return wait.until(lambda: len(load.acknowledged), lambda now: now > count, within=30, every=0.005).reached

    if more_than(LOAD_AT_LEAST) and more_than(len(load.acknowledged)):
        return True
    raise OutOfTimeError(
        f"{len(load.acknowledged)} writes were acknowledged within 30 s: too few for a kill under load"
    )


def rewrite_and_kill_under_load(stack: Stack) -> Rewritten:
    """Have the append-only file rewritten while writers are at work, kill Redis, read back what was acknowledged."""
    before, base_before = _start(stack), _base_file(stack)
    with writing(Items(stack), "rewrite") as load:
        _under_load(load)
        told = [_rewrite(stack, load) for _ in range(REWRITES)]
        base_after = _base_file(stack)
        _kill(stack, before)
    return Rewritten(
        base_before=base_before,
        base_after=base_after,
        status=told[-1][0],
        acknowledged_meanwhile=sum(count for _, count in told),
        came_back_anew=_start(stack) != before,
        acknowledged=len(load.acknowledged),
        lost=tuple(Items(stack).lost(load.acknowledged)),
    )


def _rewrite(stack: Stack, load: Load) -> tuple[str, int]:
    """One rewrite from its start to its end: Redis' word of it, and how many writes were acknowledged meanwhile."""
    with connect(stack, "auditor") as auditor:
        already = len(load.acknowledged)
        auditor.bgrewriteaof()
        over = wait.until(
            lambda: auditor.info("persistence"),
            lambda told: not told["aof_rewrite_in_progress"] and not told["aof_rewrite_scheduled"],
            within=REWRITE_SECONDS,
            every=0.02,
        )
    return (str(over.value["aof_last_bgrewrite_status"]) if over.reached else "unfinished"), len(
        load.acknowledged
    ) - already


def _kill(stack: Stack, before: str) -> None:
    """Kill Redis' main process and wait until it has come back by itself."""
    process.killed(stack, stack.roles[Role.REDIS])
    wait.until(lambda: _start(stack), lambda start: start != before, within=30, every=0.25)
    stack.runner.wait_until_healthy()


def look_into_the_mount(stack: Stack) -> Attached:
    """Write a value nobody else has, and search the files behind Redis' data directory for it, on the host."""
    key = f"attached-{time.time_ns()}"
    Items(stack).store({key: f"marker of {key}"})
    directory, mount, below = data_directory(stack)
    if mount == "none":
        return Attached(directory=directory, mount=mount, file_system="", files=(), holding_the_value=())
    files = sorted(path for path in below.rglob("*") if path.is_file())
    return Attached(
        directory=directory,
        mount=mount,
        file_system=_file_system(below),
        files=tuple(str(path.relative_to(below)) for path in files),
        holding_the_value=tuple(str(path.relative_to(below)) for path in files if key.encode() in path.read_bytes()),
    )


def read_settings(stack: Stack) -> Settings:
    with connect(stack, "auditor") as auditor:
        values = auditor.config_get(
            "append*", "no-appendfsync-on-rewrite", "maxmemory", "maxmemory-policy", "replicaof", "dir"
        )
    return Settings(values={**values, "storage": storage_of(stack, values)})


def data_directory(stack: Stack) -> tuple[str, Literal["bind", "volume", "none"], Path]:
    """Redis' data directory (CONFIG GET dir), what it is mounted as, and where it lies on this machine."""
    with connect(stack, "auditor") as auditor:
        directory = PurePosixPath(auditor.config_get("dir")["dir"])
    for mount in stack.runner.container(stack.roles[Role.REDIS]).mounts:
        if directory.is_relative_to(mount.destination or "/nowhere") and mount.type in {"bind", "volume"}:
            below = Path(str(mount.source)) / directory.relative_to(str(mount.destination))
            return str(directory), "bind" if mount.type == "bind" else "volume", below
    return str(directory), "none", Path()


def _base_file(stack: Stack) -> str:
    """The base file that the manifest on this machine names; '' where there is none."""
    _, mount, below = data_directory(stack)
    manifest = manifest_below([below]) if mount != "none" else None
    return next(iter(named_in(manifest.read_bytes(), "b")), "") if manifest else ""


def _file_system(path: Path) -> str:
    """The type of the file system a path of this machine is on ('ext4', 'tmpfs', ...), from proc(5) mountinfo."""
    device = path.stat().st_dev
    wanted = f"{os.major(device)}:{os.minor(device)}"
    for line in Path("/proc/self/mountinfo").read_text().splitlines():
        if line.split()[2] == wanted:
            return line.partition(" - ")[2].split()[0]
    return "unknown"


def _stored(stack: Stack, prefix: str) -> dict[str, str]:
    items = numbered(prefix, ITEMS)
    Items(stack).store(items)
    return items


def _start(stack: Stack) -> str:
    """What changes with each start of Redis: its container and the time it started."""
    container = stack.runner.container(stack.roles[Role.REDIS])
    return f"{container.id} {container.state.started_at}"


def _kept(
    stack: Stack,
    after: Literal["restart", "kill", "down-up"],
    acknowledged: dict[str, str],
    before: str,
    *,
    in_the_middle_of_writing: bool = False,
) -> Kept:
    return Kept(
        after=after,
        acknowledged=len(acknowledged),
        came_back_anew=_start(stack) != before,
        in_the_middle_of_writing=in_the_middle_of_writing,
        lost=tuple(Items(stack).lost(acknowledged)),
    )
