"""What is asked of what Redis' users could do, and of the passwords that they have."""

from collections.abc import Mapping
from dataclasses import dataclass

from checks.core.place import Place
from checks.core.registry import judges
from checks.core.verdict import Violation

DRYRUN = "ACL DRYRUN"
EVERYTHING = ("acl|setuser",)
SETTINGS = ("config|set", "module|load")
HARM = ("flushall", "flushdb", "swapdb", "shutdown", "debug")
DECISIVE = (*EVERYTHING, *SETTINGS, *HARM)


@dataclass(frozen=True, kw_only=True)
class Power:
    """Which of the decisive commands a user that is on may run; `named` says whether the profile names it."""

    user: str
    named: bool
    may: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Powers:
    """Every user that Redis knows; `told_by` is ACL DRYRUN, or what it was read from where Redis may not be asked."""

    told_by: str
    users: tuple[Power, ...]
    place: Place | None = None


@judges(Powers)
def power_violations(seen: Powers) -> list[Violation]:
    """Each user is told once, for the most that it may do; who is almighty by its rules is told with these."""
    if not seen.users:
        return [Violation("nobody-may-do-everything", seen="no user was asked about", wanted="the users of Redis")]
    almighty = _who(seen.users, EVERYTHING)
    tuning = _who([one for one in seen.users if one.user not in almighty], SETTINGS)
    unnamed = [one for one in seen.users if not one.named and one.user not in {*almighty, *tuning}]
    told = {
        "nobody-may-do-everything": (
            almighty if seen.told_by == DRYRUN else {},
            "no user who may run ACL SETUSER, and so give itself everything",
        ),
        "settings-out-of-reach": (tuning, "no user who may run CONFIG SET or MODULE LOAD"),
        "unnamed-users-limited": (_who(unnamed, HARM), "not from a user that no login of the profile names"),
    }
    return [
        Violation(rule, seen={"told by": seen.told_by, **found}, wanted=wanted, place=seen.place)
        for rule, (found, wanted) in told.items()
        if found
    ]


def _who(users: list[Power] | tuple[Power, ...], commands: tuple[str, ...]) -> dict[str, list[str]]:
    """{user: which of these it may run} of those who may run any."""
    found = {one.user: [command for command in one.may if command in commands] for one in users}
    return {user: may for user, may in found.items() if may}


@dataclass(frozen=True, kw_only=True)
class Passwords:
    """The users that are on whose password can be guessed, and why; `tried` are words, their own names aside.

    Neither a password nor its digest is kept.
    """

    users: tuple[str, ...]
    tried: int
    guessed: Mapping[str, str]
    place: Place | None = None


@judges(Passwords)
def password_violations(seen: Passwords) -> list[Violation]:
    rule, wanted = "no-guessable-password", "none that is empty, the user's own name or well known"
    if not seen.users or not seen.tried:
        return [Violation(rule, seen="nothing was tried", wanted=wanted)]
    return [Violation(rule, seen=dict(seen.guessed), wanted=wanted, place=seen.place)] if seen.guessed else []
