"""Observations as no stack gave them: for each rule some that violate it and nothing else, and some that prove."""

from dataclasses import replace

from checks.logins import CLOSED
from checks.test_r3_persistence import DURABLE, FSYNC_TRIES, Attached, Fsyncs, Kept, Settings
from checks.test_r4_acl import AppUser, Attempt, DefaultUser, User, Users
from checks.test_r5_credentials import Connections, Sightings
from checks.test_r6_prometheus import REQUESTS, Counted, Target, Targets
from checks.test_r9_healing import DETECTION_SLACK, Healing


def attempts(*answers: str) -> tuple[Attempt, ...]:
    return tuple(Attempt(request=f"command-{number}", answer=answer) for number, answer in enumerate(answers))


NOAUTH = "-NOAUTH Authentication required."
WRONGPASS = "-WRONGPASS invalid username-password pair or user is disabled."
NOPERM = "-NOPERM User app has no permissions to run the 'keys' command"
ABORTED = f"-EXECABORT Transaction discarded because of: {NOAUTH[1:]}"
OFF_FOR_ALL = "-ERR DEBUG command not allowed. If the enable-debug-command option is set to 'local'"

RESTARTED = Kept(after="restart", acknowledged=50, came_back_anew=True, in_the_middle_of_writing=False, lost=())
KILLED = replace(RESTARTED, after="kill", in_the_middle_of_writing=True)
DOWN_UP = replace(RESTARTED, after="down-up")
FSYNCED = Fsyncs(answers=(1,) * FSYNC_TRIES)
ATTACHED = Attached(
    directory="/data",
    mount="bind",
    file_system="ext4",
    files=("appendonlydir/appendonly.aof.1.incr.aof", "appendonlydir/appendonly.aof.manifest"),
    holding_the_value=("appendonlydir/appendonly.aof.1.incr.aof",),
)
REJECTED = DefaultUser(without_login=attempts(NOAUTH, ABORTED, OFF_FOR_ALL), by_password=attempts(WRONGPASS, WRONGPASS))
LEAST = AppUser(needed=attempts("+PONG", "+OK", "$1"), lost_items=(), beyond=attempts(NOPERM, OFF_FOR_ALL))
CONNECTED = Connections(expected="app", users=("app",))
UNSEEN = Sightings(looked_for=("app",), looked_at=("inspect of api",), found=())
DEFAULT_OFF = User(name="default", rules=("off", "-@all"))
APP = User(name="app", rules=("on", "~item:*", "-@all", "+get"))
LIMITED = Users(users=(DEFAULT_OFF, APP))
SETTINGS = Settings(values=DURABLE)
UP = Target(job="api", url="http://api:5000/prom-metrics", health="up", error="")
DOWN = replace(UP, health="down", error="server returned HTTP status 404 Not Found")
MOVED = Counted(requests=REQUESTS, series="requests_total{}", exposed=float(REQUESTS), in_prometheus=float(REQUESTS))
PHASES = {"detect": 6.0, "restart": 1.2, "recover": 0.8}
HEALED = Healing(
    service="redis",
    phases=PHASES,
    bound_s=7.0,
    others={"api": False},
)

PROVING: tuple[object, ...] = (
    RESTARTED,
    KILLED,
    DOWN_UP,
    FSYNCED,
    ATTACHED,
    replace(ATTACHED, mount="volume"),
    REJECTED,
    LEAST,
    LIMITED,
    Users(users=(DEFAULT_OFF, replace(APP, rules=("off", "nopass", "+@all")))),
    SETTINGS,
    CONNECTED,
    UNSEEN,
    Targets(targets=(UP,)),
    Targets(targets=(DOWN, UP)),
    MOVED,
    HEALED,
    replace(HEALED, service="prometheus", others={}),
)

VIOLATING: dict[str, tuple[object, ...]] = {
    "restart-keeps": (replace(RESTARTED, lost=("restart-7",)),),
    "kill-keeps": (replace(KILLED, lost=("kill-0-1", "kill-1-1")),),
    "down-up-keeps": (replace(DOWN_UP, lost=("down-up-0",)),),
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
    "default-user-rejected": (
        replace(REJECTED, without_login=attempts(NOAUTH, "+PONG")),
        replace(REJECTED, without_login=attempts(NOAUTH, "-NOPERM User default has no permissions")),
        replace(REJECTED, without_login=attempts(NOAUTH, "-ERR no such key")),
        replace(REJECTED, without_login=attempts(NOAUTH, CLOSED)),
        replace(REJECTED, by_password=attempts(WRONGPASS, "+OK")),
        replace(REJECTED, by_password=attempts(WRONGPASS, "$9 with NOAUTH in it")),
    ),
    "nothing-suspends-fsync": tuple(
        Settings(values=dict(DURABLE, **{name: value}))
        for name, value in (("appendonly", "no"), ("appendfsync", "everysec"), ("no-appendfsync-on-rewrite", "yes"))
    ),
    "default-user-off": (Users(users=(replace(DEFAULT_OFF, rules=("on", "-@all")), APP)), Users(users=(APP,))),
    "every-user-has-a-password": (Users(users=(DEFAULT_OFF, replace(APP, rules=("on", "nopass", "+get")))),),
    "nobody-may-do-everything": (
        Users(users=(DEFAULT_OFF, replace(APP, rules=("on", "+@all")))),
        Users(users=(DEFAULT_OFF, replace(APP, rules=("on", "allcommands")))),
    ),
    "app-user-accepted": (
        replace(LEAST, needed=attempts("+PONG", NOPERM)),
        replace(LEAST, needed=attempts("+PONG", CLOSED)),
        replace(LEAST, lost_items=("acl-1",)),
        AppUser(needed=attempts(WRONGPASS), lost_items=(), beyond=()),
    ),
    "denied-beyond-need": (
        replace(LEAST, beyond=attempts(NOPERM, "+OK")),
        replace(LEAST, beyond=attempts(NOPERM, "-ERR wrong number of arguments")),
        replace(LEAST, beyond=attempts(NOPERM, NOAUTH)),
    ),
    "logs-in-as-its-own-user": (
        replace(CONNECTED, users=("default",)),
        replace(CONNECTED, users=("app", "default")),
    ),
    "secret-nowhere-in-sight": (replace(UNSEEN, found=("app in inspect of api",)),),
    "target-up": (Targets(targets=(DOWN,)), Targets(targets=(replace(DOWN, health="unknown"),))),
    "counter-moves-exactly": (
        replace(MOVED, in_prometheus=REQUESTS + 1.0),
        replace(MOVED, in_prometheus=REQUESTS - 1.0),
        replace(MOVED, in_prometheus=None),
        replace(MOVED, exposed=2.0 * REQUESTS),
    ),
    "found-unhealthy": (
        replace(HEALED, phases={}),
        replace(HEALED, phases={}, bound_s=0.0),
        replace(HEALED, phases=PHASES | {"detect": HEALED.bound_s + DETECTION_SLACK + 0.1}),
    ),
    "restarted": (replace(HEALED, phases={"detect": 6.0}),),
    "healthy-again": (replace(HEALED, phases={"detect": 6.0, "restart": 1.2}),),
    "others-left-alone": (replace(HEALED, others={"prometheus": False, "api": True}),),
}

NOTHING_TRIED: tuple[object, ...] = (
    replace(RESTARTED, came_back_anew=False),
    replace(RESTARTED, acknowledged=0),
    replace(DOWN_UP, came_back_anew=False),
    replace(DOWN_UP, acknowledged=0),
    replace(KILLED, came_back_anew=False),
    replace(KILLED, acknowledged=0),
    replace(KILLED, in_the_middle_of_writing=False),
    Fsyncs(answers=()),
    Fsyncs(answers=FSYNCED.answers[1:]),
    replace(ATTACHED, files=(), holding_the_value=()),
    replace(REJECTED, without_login=()),
    replace(REJECTED, by_password=()),
    Users(users=()),
    Settings(values={}),
    replace(LEAST, needed=()),
    replace(LEAST, beyond=()),
    replace(CONNECTED, users=()),
    replace(UNSEEN, looked_for=()),
    replace(UNSEEN, looked_at=()),
    Targets(targets=()),
    replace(MOVED, requests=0, in_prometheus=0.0),
    replace(MOVED, series="", in_prometheus=None),
    replace(HEALED, phases={}, others={}),
)
