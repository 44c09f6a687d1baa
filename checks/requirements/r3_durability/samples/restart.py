"""Observations for R3 as no stack gave them: see the package."""

from dataclasses import replace

from checks.requirements.r3_durability.judge.fsync import FSYNC_TRIES, WRITES, Flushes, Fsyncs
from checks.requirements.r3_durability.judge.full_disk import FULL_SECONDS, SILENT, Answers, FullDisk, starts_at_most
from checks.requirements.r3_durability.judge.restart import DURABLE, Attached, Kept, Rewritten, Settings

RESTARTED = Kept(after="restart", acknowledged=50, came_back_anew=True, in_the_middle_of_writing=False, lost=())
KILLED = replace(RESTARTED, after="kill", in_the_middle_of_writing=True)
DOWN_UP = replace(RESTARTED, after="down-up")
REWRITTEN = Rewritten(
    base_before="appendonly.aof.1.base.rdb",
    base_after="appendonly.aof.4.base.rdb",
    status="ok",
    acknowledged_meanwhile=90,
    came_back_anew=True,
    acknowledged=900,
    lost=(),
)
FSYNCED = Fsyncs(answers=(1,) * FSYNC_TRIES)
FLUSHED = Flushes(disks=("vda",), not_counted="", writes=WRITES, flushed=WRITES, flushed_pauses=3)
BY_REDIS = Answers(acknowledged=2, refused=2, refusals=("connection closed",), neither=(), slowest=0.1)
BY_THE_API = Answers(acknowledged=1, refused=60, refusals=("HTTP 503",), neither=(), slowest=0.8)
FULL = FullDisk(
    disk="ext4",
    bytes_left=0,
    through_redis=BY_REDIS,
    through_api=BY_THE_API,
    logged=("1:M # Error writing to the AOF file: No space left on device",),
    full_seconds=FULL_SECONDS,
    starts=4,
    anew=True,
    acknowledged=120,
    lost=0,
    some_lost=(),
    phases={"restart": 1.5, "recover": 1.9},
    bound_s=11.9,
)
ATTACHED = Attached(
    directory="/data",
    mount="bind",
    file_system="ext4",
    files=("appendonlydir/appendonly.aof.1.incr.aof", "appendonlydir/appendonly.aof.manifest"),
    holding_the_value=("appendonlydir/appendonly.aof.1.incr.aof",),
)
SETTINGS = Settings(values=DURABLE)

PASSING: tuple[object, ...] = (
    RESTARTED,
    KILLED,
    DOWN_UP,
    REWRITTEN,
    replace(REWRITTEN, base_before=""),
    FSYNCED,
    FLUSHED,
    replace(FLUSHED, flushed_pauses=WRITES // 2),
    replace(FLUSHED, disks=(), not_counted="on no disk", writes=0, flushed=0, flushed_pauses=0),
    FULL,
    replace(FULL, starts=0, disk="tmpfs"),
    ATTACHED,
    replace(ATTACHED, mount="volume"),
    SETTINGS,
    Settings(values=DURABLE | {"maxmemory": "268435456", "maxmemory-policy": "noeviction", "replicaof": ""}),
    Settings(values=DURABLE | {"maxmemory": "268435456", "maxmemory-policy": "volatile-lru", "storage": ""}),
    Settings(values=DURABLE | {"maxmemory": "0", "maxmemory-policy": "allkeys-lru", "replicaof": "no one"}),
)

FAILING: dict[str, tuple[object, ...]] = {
    "restart-keeps": (replace(RESTARTED, lost=("restart-7",)),),
    "kill-keeps": (replace(KILLED, lost=("kill-0-1", "kill-1-1")),),
    "down-up-keeps": (replace(DOWN_UP, lost=("down-up-0",)),),
    "rewrite-keeps": (
        replace(REWRITTEN, lost=("rewrite-0-1",)),
        replace(REWRITTEN, status="err"),
        replace(REWRITTEN, status="unfinished"),
    ),
    "fsynced-before-acknowledged": (
        Fsyncs(answers=(*FSYNCED.answers[1:], 0)),
        Fsyncs(answers=(0, *FSYNCED.answers)),
        Fsyncs(answers=(0,) * FSYNC_TRIES),
        replace(FLUSHED, flushed=WRITES - 1),
        replace(FLUSHED, flushed=2),
        replace(FLUSHED, flushed=WRITES // 2, flushed_pauses=WRITES),
    ),
    "full-disk-loses-nothing": (replace(FULL, lost=1, some_lost=("full-0-7",)),),
    "full-disk-is-told": (
        replace(FULL, through_api=replace(BY_THE_API, neither=(SILENT,))),
        replace(FULL, through_api=replace(BY_THE_API, neither=("HTTP 404",))),
        replace(FULL, through_redis=replace(BY_REDIS, neither=(SILENT,))),
        replace(FULL, through_api=replace(BY_THE_API, refused=0)),
        replace(FULL, logged=()),
    ),
    "full-disk-is-no-tight-loop": (replace(FULL, starts=starts_at_most(FULL_SECONDS) + 1),),
    "full-disk-comes-back": (
        replace(FULL, phases={}),
        replace(FULL, phases={"restart": 1.5}),
        replace(FULL, phases={"restart": 1.5, "recover": 60.0}),
    ),
    "files-in-mounted-directory": (
        replace(ATTACHED, mount="none"),
        replace(ATTACHED, file_system="tmpfs"),
        replace(ATTACHED, files=("dump.rdb",), holding_the_value=("dump.rdb",)),
        replace(ATTACHED, holding_the_value=()),
    ),
    "nothing-suspends-fsync": tuple(
        Settings(values=DURABLE | {name: value})
        for name, value in (("appendonly", "no"), ("appendfsync", "everysec"), ("no-appendfsync-on-rewrite", "yes"))
    ),
    "nothing-drops-the-data": (
        Settings(values=DURABLE | {"maxmemory": "268435456", "maxmemory-policy": "allkeys-lru"}),
        Settings(values=DURABLE | {"maxmemory": "1mb", "maxmemory-policy": "allkeys-random"}),
        Settings(values=DURABLE | {"replicaof": "elsewhere.example 6379"}),
        Settings(values=DURABLE | {"slaveof": "elsewhere.example 6379"}),
        Settings(values=DURABLE | {"storage": "tmpfs"}),
        Settings(values=DURABLE | {"storage": "volatile"}),
    ),
}

VACUOUS: tuple[object, ...] = (
    replace(RESTARTED, came_back_anew=False),
    replace(RESTARTED, acknowledged=0),
    replace(DOWN_UP, came_back_anew=False),
    replace(DOWN_UP, acknowledged=0),
    replace(KILLED, came_back_anew=False),
    replace(KILLED, acknowledged=0),
    replace(KILLED, in_the_middle_of_writing=False),
    replace(REWRITTEN, acknowledged=0),
    replace(REWRITTEN, base_after=""),
    replace(REWRITTEN, base_after=REWRITTEN.base_before),
    replace(REWRITTEN, acknowledged_meanwhile=0),
    replace(REWRITTEN, came_back_anew=False),
    Fsyncs(answers=()),
    Fsyncs(answers=FSYNCED.answers[1:]),
    replace(FLUSHED, writes=0, flushed=0, flushed_pauses=0),
    replace(FLUSHED, writes=WRITES - 1, flushed=WRITES - 1),
    replace(FLUSHED, flushed_pauses=WRITES),
    replace(FULL, through_redis=replace(BY_REDIS, refused=0)),
    replace(FULL, anew=False),
    replace(FULL, acknowledged=0),
    replace(ATTACHED, files=(), holding_the_value=()),
    Settings(values={}),
)
