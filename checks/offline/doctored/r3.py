"""Observations for R3 as no stack gave them: see the package."""

from dataclasses import replace

from checks.test_r3_persistence import DURABLE, FSYNC_TRIES, TORN_TAIL, Attached, Fsyncs, Kept, Rewritten, Settings

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
ATTACHED = Attached(
    directory="/data",
    mount="bind",
    file_system="ext4",
    files=("appendonlydir/appendonly.aof.1.incr.aof", "appendonlydir/appendonly.aof.manifest"),
    holding_the_value=("appendonlydir/appendonly.aof.1.incr.aof",),
)
EFFECTIVE = {**DURABLE, TORN_TAIL: "yes"}
SETTINGS = Settings(values=EFFECTIVE)

PROVING: tuple[object, ...] = (
    RESTARTED,
    KILLED,
    DOWN_UP,
    REWRITTEN,
    replace(REWRITTEN, base_before=""),
    FSYNCED,
    ATTACHED,
    replace(ATTACHED, mount="volume"),
    SETTINGS,
)

VIOLATING: dict[str, tuple[object, ...]] = {
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
    ),
    "files-in-mounted-directory": (
        replace(ATTACHED, mount="none"),
        replace(ATTACHED, file_system="tmpfs"),
        replace(ATTACHED, files=("dump.rdb",), holding_the_value=("dump.rdb",)),
        replace(ATTACHED, holding_the_value=()),
    ),
    "nothing-suspends-fsync": tuple(
        Settings(values=dict(EFFECTIVE, **{name: value}))
        for name, value in (("appendonly", "no"), ("appendfsync", "everysec"), ("no-appendfsync-on-rewrite", "yes"))
    ),
    "torn-tail-is-no-obstacle": (Settings(values=dict(EFFECTIVE, **{TORN_TAIL: "no"})), Settings(values=DURABLE)),
}

NOTHING_TRIED: tuple[object, ...] = (
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
    replace(ATTACHED, files=(), holding_the_value=()),
    Settings(values={}),
)
