"""Observations for R4 as no stack gave them: see the package."""

from dataclasses import replace

from checks.requirements.r4_redis_acl.judge.users import (
    AclLog,
    AppUser,
    Attempt,
    DefaultUser,
    OtherUser,
    Plaintext,
    Rejection,
    User,
    UserKeeper,
    Users,
    UsersAfterRestart,
    WrongLogins,
)
from checks.requirements.r4_redis_acl.samples import powers
from checks.roles.redis.wire import CLOSED


def attempts(*answers: str) -> tuple[Attempt, ...]:
    return tuple(Attempt(request=f"command-{number}", answer=answer) for number, answer in enumerate(answers))


NOAUTH = "-NOAUTH Authentication required."
WRONGPASS = "-WRONGPASS invalid username-password pair or user is disabled."
NOPERM = "-NOPERM User app has no permissions to run the 'keys' command"
ABORTED = f"-EXECABORT Transaction discarded because of: {NOAUTH[1:]}"
OFF_FOR_ALL = "-ERR DEBUG command not allowed. If the enable-debug-command option is set to 'local'"
REJECTED = DefaultUser(without_login=attempts(NOAUTH, ABORTED, OFF_FOR_ALL), by_password=attempts(WRONGPASS, WRONGPASS))
LEAST = AppUser(needed=attempts("+PONG", "+OK", "$1"), lost_items=(), beyond=attempts(NOPERM, OFF_FOR_ALL))
DEFAULT_OFF = User(name="default", rules=("off", "-@all"))
APP = User(name="app", rules=("on", "~item:*", "-@all", "+get"))
LIMITED = Users(users=(DEFAULT_OFF, APP))
PROBE = OtherUser(login="health", needed=attempts("+PONG"), beyond=attempts(NOPERM, OFF_FOR_ALL))
WRONG = WrongLogins(attempts=attempts(WRONGPASS, WRONGPASS))
STRANGER = Rejection(username="nobody-1", reason="auth", object="AUTH")
OVERREACH = Rejection(username="app", reason="command", object="acl|whoami")
LOGGED = AclLog(rejected=(STRANGER, OVERREACH), logged=(OVERREACH, STRANGER))
AFTER_RESTART = UsersAfterRestart(
    came_back_anew=True,
    users=("default", "app"),
    changed=(),
    default=attempts(NOAUTH, WRONGPASS),
    app=Attempt(request="AUTH app", answer="+OK"),
)
HASHED = Plaintext(
    looked_for=("app", "health"),
    looked_at=("command line", "/etc/redis.conf", "/run/secrets/users.acl"),
    found=(),
    password_files={"/run/secrets/health": "0400"},
    settings=(),
)

NOBODY = UserKeeper(service="", because="no service runs the image or the program of a Redis")

PASSING: tuple[object, ...] = (
    UserKeeper(service="redis", because="it runs redis-server"),
    REJECTED,
    LEAST,
    LIMITED,
    PROBE,
    WRONG,
    LOGGED,
    replace(LOGGED, rejected=(STRANGER,)),
    AFTER_RESTART,
    HASHED,
    replace(HASHED, password_files={}),
    Users(users=(DEFAULT_OFF, replace(APP, rules=("off", "nopass", "+@all")))),
)

FAILING: dict[str, tuple[object, ...]] = {
    "redis-has-the-users": (NOBODY,),
    "default-user-rejected": (
        replace(REJECTED, without_login=attempts(NOAUTH, "+PONG")),
        replace(REJECTED, without_login=attempts(NOAUTH, "-NOPERM User default has no permissions")),
        replace(REJECTED, without_login=attempts(NOAUTH, "-ERR no such key")),
        replace(REJECTED, without_login=attempts(NOAUTH, CLOSED)),
        replace(REJECTED, by_password=attempts(WRONGPASS, "+OK")),
        replace(REJECTED, by_password=attempts(WRONGPASS, "$9 with NOAUTH in it")),
    ),
    "default-user-off": (Users(users=(replace(DEFAULT_OFF, rules=("on", "-@all")), APP)), Users(users=(APP,))),
    "every-user-has-a-password": (Users(users=(DEFAULT_OFF, replace(APP, rules=("on", "nopass", "+get")))),),
    "nobody-may-do-everything": (
        Users(users=(DEFAULT_OFF, replace(APP, rules=("on", "+@all")))),
        Users(users=(DEFAULT_OFF, replace(APP, rules=("on", "allcommands")))),
        *powers.ALMIGHTY,
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
    "others-limited": (
        replace(PROBE, needed=attempts(NOPERM)),
        replace(PROBE, needed=attempts(CLOSED)),
        replace(PROBE, beyond=attempts(NOPERM, "$5")),
    ),
    "wrong-login-rejected": (
        WrongLogins(attempts=attempts(WRONGPASS, "+OK")),
        WrongLogins(attempts=attempts(WRONGPASS, "-NOAUTH Authentication required.")),
    ),
    "rejections-are-logged": (
        replace(LOGGED, logged=(STRANGER,)),
        replace(LOGGED, logged=(OVERREACH,)),
        replace(LOGGED, logged=(OVERREACH, replace(STRANGER, username="nobody-2"))),
    ),
    "acl-survives-restart": (
        replace(AFTER_RESTART, changed=("guest",)),
        replace(AFTER_RESTART, default=attempts("+PONG")),
        replace(AFTER_RESTART, app=Attempt(request="AUTH app", answer=WRONGPASS)),
    ),
    "no-plaintext-password": (
        replace(HASHED, found=("`app` in /etc/redis.conf",)),
        replace(HASHED, settings=("requirepass",)),
        replace(HASHED, password_files={"/run/secrets/health": "0444"}),
        replace(HASHED, password_files={"/run/secrets/health": "0440"}),
    ),
}

VACUOUS: tuple[object, ...] = (
    NOBODY,
    replace(REJECTED, without_login=()),
    replace(REJECTED, by_password=()),
    Users(users=()),
    replace(LEAST, needed=()),
    replace(LEAST, beyond=()),
    replace(PROBE, needed=()),
    replace(PROBE, beyond=()),
    WrongLogins(attempts=()),
    AclLog(rejected=(), logged=()),
    AclLog(rejected=(OVERREACH,), logged=(OVERREACH,)),
    replace(AFTER_RESTART, came_back_anew=False),
    replace(AFTER_RESTART, users=()),
    replace(AFTER_RESTART, default=()),
    replace(HASHED, looked_for=()),
    replace(HASHED, looked_at=()),
)
