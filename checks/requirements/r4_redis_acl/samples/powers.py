"""What users may do and how they log in, as no stack had it: see the package."""

from dataclasses import replace

from checks.requirements.r4_redis_acl.judge.powers import Passwords, Power, Powers

DEFAULT = Power(user="default", named=False, may=())
APP = Power(user="app", named=True, may=())
EXPORTER = Power(user="exporter", named=False, may=())
POWERS = Powers(told_by="ACL DRYRUN", users=(DEFAULT, APP, EXPORTER))
PASSWORDS = Passwords(users=("app", "exporter"), tried=120, guessed={})


def _with(*may: str, named: bool = False) -> Powers:
    return replace(POWERS, users=(DEFAULT, replace(APP, named=named, may=may)))


PASSING: tuple[object, ...] = (
    POWERS,
    replace(POWERS, told_by="ACL LIST"),
    _with("flushdb", named=True),  # it is tried as that login, and denied what it does not need
    PASSWORDS,
)

FAILING: dict[str, tuple[object, ...]] = {
    "settings-out-of-reach": (
        _with("config|set"),
        _with("config|set", "flushall", named=True),
        _with("module|load", "shutdown"),
    ),
    "unnamed-users-limited": (_with("flushall"), _with("debug")),
    "no-guessable-password": (
        replace(PASSWORDS, guessed={"ops": "empty"}),
        replace(PASSWORDS, guessed={"ops": "the user's own name", "app": "a well-known one"}),
    ),
}

VACUOUS: tuple[object, ...] = (
    replace(POWERS, users=()),
    replace(PASSWORDS, users=()),
    replace(PASSWORDS, tried=0),
)

ALMIGHTY = (_with("acl|setuser"), _with("acl|setuser", "config|set", "flushall", named=True))
