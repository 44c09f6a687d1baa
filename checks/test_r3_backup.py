"""R3: a backup that is taken while Redis works brings everything back after its data were wiped."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from checks.core.evidence import Evidence
from checks.core.verdict import Violation, judges
from checks.roles.api.client import LOAD_SECONDS, Items, Load, at_work, under_load, writing
from checks.roles.redis import writers
from checks.roles.redis.client import connect
from checks.subject.profile import Role
from checks.test_r3_persistence import data_directory
from stack.driver import helper, wait
from stack.driver.errors import StackError
from stack.driver.project import Stack
from stack.ops import backup

RULE = "backup-restores"
AT_LEAST = 100  # acknowledged writes through each of Redis and the api before the backup begins


@dataclass(frozen=True, kw_only=True)
class Restored:
    """What a backup brought back of what had been acknowledged before it began.

    It is taken under load, while `rewrites` of the append-only file end; then the data are wiped, which takes `wiped`
    of these writes away, and the backup is put back.
    """

    acknowledged: int
    rewrites: int
    bytes: int
    wiped: int
    lost: int
    some_lost: tuple[str, ...]
    phases: Mapping[str, float]  # seconds: to take the backup, and to put it back until all is healthy


@judges(Restored)
def restored_violations(seen: Restored) -> list[Violation]:
    if not seen.acknowledged or seen.wiped < seen.acknowledged or not seen.rewrites:  # too little was tried
        told = f"{seen.wiped} of {seen.acknowledged} wiped, {seen.rewrites} rewrites meanwhile"
        return [Violation(RULE, seen=told, wanted="writes and rewrites, and all gone before the backup is put back")]
    if seen.lost:
        told = f"{seen.lost} of {seen.acknowledged} not brought back: {', '.join(seen.some_lost)}"
        return [Violation(RULE, seen=told, wanted="none missing")]
    return []


def back_up_wipe_and_restore(stack: Stack) -> Restored:
    """Take a backup while writers and a rewrite are at work, wipe the data, put the backup back, and read back."""
    with TemporaryDirectory() as folder:
        file = Path(folder) / "backup.tar"
        direct, api, rewrites, taking = _backed_up_under_load(stack, file)
        _wipe(stack)
        wiped = len(_missing(stack, direct, api))
        began = time.monotonic()
        backup.put_back(stack, file)
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
            wait.first(lambda: rewritten.last, bool, within=LOAD_SECONDS)  # the first one is over
            before, began = (dict(direct.acknowledged), dict(api.acknowledged)), time.monotonic()
            backup.take(stack, file)
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
    stack.stop(service)
    helper.empty_folder(below)
    stack.start(service)
    stack.wait_until_healthy()


def _missing(stack: Stack, direct: dict[str, str], api: dict[str, str]) -> list[str]:
    return [*writers.lost(stack, direct), *Items(stack).lost(api)]


@pytest.mark.requirement("R3")
def test_a_backup_brings_back_what_was_wiped(stack: Stack, evidence: Evidence) -> None:
    assert restored_violations(evidence.saw(back_up_wipe_and_restore(stack))) == []
