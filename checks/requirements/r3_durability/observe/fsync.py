"""Ask Redis whether a write was fsynced, and the kernel how often the disk was flushed."""

from __future__ import annotations

import itertools
import json
import time
from collections.abc import Callable, Collection
from functools import partial
from pathlib import Path

from checks.core.evidence import Evidence
from checks.core.verdict import Violation
from checks.requirements.r3_durability import disk_flushes
from checks.requirements.r3_durability.judge.fsync import (
    FSYNC_TRIES,
    WRITES,
    Flushes,
    Fsyncs,
    drowned,
    flush_violations,
    fsync_violations,
)
from checks.requirements.r3_durability.observe.restart import data_directory
from checks.roles.redis.client import connect
from checks.subject.stack import Stack
from stack.driver import docker, wait
from stack.driver.errors import OutOfTimeError
from stack.driver.helper import python_image, translated
from stack.driver.labels import Labels

FSYNC_AGENT = (Path(__file__).parents[1] / "agents" / "fsync.py").read_text()
FSYNC_WAIT_MS = 20
OWN_FSYNCS = 20
CLEARLY = 0.1  # of the writes without a flush; fewer than that, and some, decide nothing
QUIET_SECONDS = 30.0  # for checks that load the same disk beside this one to be over
RUNG_3 = (
    "R3 stands on rung 3 of 4, flushes that the kernel counted: each write had one before it was acknowledged. "
    "Not shown: that a start after a power cut finds all that was flushed"
)
RUNG_2 = (
    "R3 stands on rung 2 of 4, Redis' own word (WAITAOF), for the disk's flushes are not counted: {why}. "
    "Not shown: that an fsync reaches the disk, or that a start after a power cut finds what it wrote"
)


def write_and_wait_for_fsync(stack: Stack) -> Fsyncs:
    prefix = stack.credentials.login("auditor").keys
    with connect(stack, "auditor") as auditor:
        answers = []
        for number in range(FSYNC_TRIES):
            auditor.set(f"{prefix}fsync-{number}", number)
            answers.append(auditor.waitaof(1, 0, FSYNC_WAIT_MS)[0])
        auditor.delete(*(f"{prefix}fsync-{number}" for number in range(FSYNC_TRIES)))
    return Fsyncs(answers=tuple(answers))


def count_flushes(stack: Stack) -> Flushes:
    """Write, pause, write ..., and look after each whether the disk has completed a flush, until that tells something.

    Others who flush can make a write look flushed, never the reverse. Raises StackError where they never leave off.
    """
    disks, not_counted = _countable(stack)
    if not_counted:
        return Flushes(disks=disks, not_counted=not_counted, writes=0, flushed=0, flushed_pauses=0)
    seen = wait.until(lambda: _in_turns(stack, disks), tells, within=QUIET_SECONDS, every=1.0)
    if not seen.reached:
        told = f"{seen.value.flushed} of {WRITES} writes saw a flush, and {seen.value.flushed_pauses} of as many pauses"
        raise OutOfTimeError(f"others flush {', '.join(disks)} too often to tell what Redis does: {told}")
    return seen.value


def tells(seen: Flushes) -> bool:
    """Whether it is one or the other: a flush in each write and not so in the pauses, or clearly not in each write."""
    without = seen.writes - seen.flushed
    return without >= CLEARLY * seen.writes or (without == 0 and not drowned(seen))


def _in_turns(stack: Stack, disks: tuple[str, ...]) -> Flushes:
    key = f"{stack.credentials.login('auditor').keys}flush"
    with connect(stack, "auditor") as auditor:
        turns = [_turn(partial(auditor.set, key, number), disks) for number in range(WRITES)]
        auditor.delete(key)
    flushed, flushed_pauses = (sum(column) for column in zip(*turns, strict=True))
    return Flushes(disks=disks, not_counted="", writes=WRITES, flushed=flushed, flushed_pauses=flushed_pauses)


def _turn(write: Callable[[], object], disks: Collection[str]) -> tuple[bool, bool]:
    """Whether the disks completed a flush during a write, and in a pause as long after it."""
    before, began = _flushes(disks), time.monotonic()
    write()
    seconds, after = time.monotonic() - began, _flushes(disks)
    time.sleep(seconds)
    return after > before, _flushes(disks) > after


def _flushes(disks: Collection[str]) -> int:
    return disk_flushes.flushes_of(disks, Path("/proc/diskstats").read_text())


def _countable(stack: Stack) -> tuple[tuple[str, ...], str]:
    """The disks under Redis' data directory, and why their flushes cannot be counted, where they cannot.

    They can where each fsync of a file of our own, in that directory, is seen to be one.
    """
    directory, mount, below = data_directory(stack)
    if mount == "none":
        return (), f"{directory} is on no mount"
    told = json.loads(fsync_in(stack.project.labels, below, OWN_FSYNCS))
    if told["kernel"] != Path("/proc/sys/kernel/random/boot_id").read_text().strip():
        return (), "the engine's containers run on another kernel than this"
    mounted = disk_flushes.mounted_at(told["mountinfo"], "/folder")
    disks = tuple(sorted(disk_flushes.disks_below(mounted)))
    if not disks:
        return (), f"{directory} is on {mounted.file_system}, which is on no disk that this machine knows"
    counts = [disk_flushes.flushes_of(disks, text) for text in told["diskstats"]]
    seen = sum(after > before for before, after in itertools.pairwise(counts))
    if seen < OWN_FSYNCS:
        return disks, f"{seen} of {OWN_FSYNCS} fsyncs of our own counted as a flush of {', '.join(disks)}"
    return disks, ""


def one_rung_lower(stack: Stack, evidence: Evidence) -> list[Violation]:
    """What speaks against Redis where no power can be cut; the reader is told what that proof is worth."""
    own_word, counted = evidence.saw(write_and_wait_for_fsync(stack)), evidence.saw(count_flushes(stack))
    found = fsync_violations(own_word) + flush_violations(counted)
    if not found:
        evidence.note(RUNG_2.format(why=counted.not_counted) if counted.not_counted else RUNG_3)
    return found


def fsync_in(labels: Labels, folder: Path, times: int) -> str:
    """A file of our own in a folder appended to and fsynced so many times, then removed.

    Gives, as JSON, what the helper sees: the id of the kernel's boot, the mounts (the folder is at /folder), and
    /proc/diskstats before the first fsync and after each.
    """
    with translated(f"fsync a file in {folder}"):
        said = docker.DockerClient().run(
            python_image(), ["python3", "-I", "-S", "-c", FSYNC_AGENT, str(times)], remove=True, networks=["none"],
            labels=dict(labels), read_only=True, cap_drop=["ALL"], cap_add=["DAC_OVERRIDE"],
            volumes=[(folder, "/folder")],
        )  # fmt: skip
    assert isinstance(said, str)
    return said.strip()
