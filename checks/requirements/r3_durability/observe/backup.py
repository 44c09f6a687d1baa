"""Back up under load, wipe the data, restore."""

import time
from pathlib import Path
from tempfile import TemporaryDirectory

from checks.requirements.r3_durability.judge.backup import Restored
from checks.requirements.r3_durability.observe.restart import data_directory
from checks.roles.api.client import Items, writing
from checks.roles.load import LOAD_SECONDS, Load, at_work, under_load
from checks.roles.redis import writers
from checks.roles.redis.client import connect
from checks.subject.roles import Role
from checks.subject.stack import Stack
from stack.driver import helper, wait
from stack.driver.errors import StackError
from stack.ops import backup

AT_LEAST = 100  # acknowledged writes through each of Redis and the api before the backup begins


def back_up_wipe_and_restore(stack: Stack) -> Restored:
    """Take a backup while writers and a rewrite are at work, wipe the data, put the backup back, and read back."""
    with TemporaryDirectory() as folder:
        file = Path(folder) / "backup.tar"
        direct, api, rewrites, taking = _backed_up_under_load(stack, file)
        _wipe(stack)
        wiped = len(_missing(stack, direct, api))
        began = time.monotonic()
        backup.put_back(stack.runner, stack.roles[Role.REDIS], file)
        phases = {"backup": round(taking, 3), "restore": round(time.monotonic() - began, 3)}
        size = file.stat().st_size
    lost = _missing(stack, direct, api)
    return Restored(
        acknowledged=len(direct) + len(api),
        rewrites=rewrites,
        bytes=size,
        wiped=wiped,
        lost=len(lost),
        some_lost=tuple(lost[:5]),
        phases=phases,
    )


def _backed_up_under_load(stack: Stack, file: Path) -> tuple[dict[str, str], dict[str, str], int, float]:
    """What was acknowledged through Redis and the api before, how many rewrites ended meanwhile, and the seconds."""
    prefix = f"backup-{time.time_ns()}"
    with writing(Items(stack), prefix) as api, writers.writing_to_redis(stack, prefix) as direct:
        under_load(direct, api, at_least=AT_LEAST)
        with at_work(lambda load, _: _rewrite(load, stack), 1) as rewritten:
            wait.until(lambda: rewritten.last, bool, within=LOAD_SECONDS)  # the first one is over
            before, began = (dict(direct.acknowledged), dict(api.acknowledged)), time.monotonic()
            backup.take(stack.runner, stack.roles[Role.REDIS], file)
            taking = time.monotonic() - began
    return *before, sum(float(at) > began for at in rewritten.acknowledged), taking


def _rewrite(load: Load, stack: Stack) -> None:
    """Have Redis rewrite its append-only file again and again; {when a rewrite was over: ''} is acknowledged."""
    with connect(stack, "auditor") as auditor:
        while not load.over.is_set():
            auditor.bgrewriteaof()
            while auditor.info("persistence")["aof_rewrite_in_progress"]:
                load.over.wait(0.005)
            load.last = time.monotonic()
            load.acknowledged[str(load.last)] = ""


def _wipe(stack: Stack) -> None:
    """Redis stopped, all in its data directory removed, and Redis started again."""
    service, (directory, mount, below) = stack.roles[Role.REDIS], data_directory(stack)
    if mount == "none":
        raise StackError(f"Redis' data directory {directory} is on no mount, so its data cannot be wiped")
    stack.runner.stop(service)
    helper.empty_folder(below)
    stack.runner.start(service)
    stack.runner.wait_until_healthy()


def _missing(stack: Stack, direct: dict[str, str], api: dict[str, str]) -> list[str]:
    return [*writers.lost(stack, direct), *Items(stack).lost(api)]
