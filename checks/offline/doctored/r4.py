"""Observations for R4 as no stack gave them: see the package."""

from dataclasses import replace

from checks.logins import CLOSED
from checks.test_r4_acl import AppUser, Attempt, DefaultUser, User, Users


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

PROVING: tuple[object, ...] = (
    REJECTED,
    LEAST,
    LIMITED,
    Users(users=(DEFAULT_OFF, replace(APP, rules=("off", "nopass", "+@all")))),
)

VIOLATING: dict[str, tuple[object, ...]] = {
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
}

NOTHING_TRIED: tuple[object, ...] = (
    replace(REJECTED, without_login=()),
    replace(REJECTED, by_password=()),
    Users(users=()),
    replace(LEAST, needed=()),
    replace(LEAST, beyond=()),
)
