"""Ask Redis what its users could do, and whether anybody would guess their passwords."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import redis

from checks.requirements.r4_redis_acl.judge.powers import DECISIVE, DRYRUN, Passwords, Power, Powers
from checks.roles.redis import well_known
from checks.roles.redis.acl import account
from checks.roles.redis.client import connect
from checks.subject.stack import Files, Stack

WORDS = "ACL LIST"
ARGUMENTS = {
    "acl|setuser": ("x",),
    "config|set": ("x", "1"),
    "module|load": ("x",),
    "swapdb": ("0", "1"),
    "debug": ("x",),
}
Users = Mapping[str, Sequence[str]]
"""{user: its rules}, as ACL LIST or an ACL file has them."""


def ask_for_powers(stack: Stack) -> Powers:
    """What each user that is on may run: as Redis says, or by its rules where the auditor may not ask (ACL DRYRUN)."""
    with connect(stack, "auditor") as auditor:
        users = rules_of(auditor)
        try:
            allowed = {name: dry_run(auditor, name) for name in _on(users)}
        except redis.ResponseError:  # it may not ask, or it is a Redis before 7
            return powers_by_rules(stack, users, WORDS)
    return _powers(stack, users, allowed, DRYRUN)


def rules_of(auditor: redis.Redis) -> dict[str, list[str]]:
    """What ACL LIST says of each user."""
    words = [str(line).split() for line in auditor.acl_list()]
    return {name: rules for _, name, *rules in words}


def dry_run(auditor: redis.Redis, user: str) -> tuple[str, ...]:
    """Which of the decisive commands Redis would let a user run; raises ResponseError where it does not say."""
    return tuple(command for command in DECISIVE if _is_let(auditor, user, command))


def _is_let(auditor: redis.Redis, user: str, command: str) -> bool:
    words = (*command.split("|"), *ARGUMENTS.get(command, ()))
    try:
        return bool(auditor.acl_dryrun(user, *words) == "OK")
    except redis.ResponseError as problem:
        if "not found" in str(problem):  # a command that this Redis does not have
            return False
        raise


def powers_by_rules(files: Files, users: Users, told_by: str) -> Powers:
    """The same by the words of their rules, evaluated as Redis does."""
    accounts = {name: account(users[name]) for name in _on(users)}
    allowed = {name: tuple(filter(one.may, DECISIVE)) for name, one in accounts.items()}
    return _powers(files, users, allowed, told_by)


def _powers(files: Files, users: Users, allowed: Mapping[str, tuple[str, ...]], told_by: str) -> Powers:
    """Where the profile names no login at all, no user is one that it leaves out."""
    named = {login.user for login in files.subject.credentials.values()}
    return Powers(
        told_by=told_by,
        users=tuple(Power(user=name, named=not named or name in named, may=allowed.get(name, ())) for name in users),
    )


def words_on(seen: Powers) -> Iterator[str]:
    """What a reader should know: whom nobody tried, and that Redis was not asked."""
    if left_out := [one.user for one in seen.users if not one.named and one.user != "default"]:
        names = ", ".join(left_out)
        yield f"users of Redis that the profile does not name are judged by {seen.told_by}, not tried: {names}"
    if seen.told_by != DRYRUN:
        yield f"what Redis' users may do is read from {seen.told_by}: the auditor may not ask by {DRYRUN}"


def look_at_passwords(stack: Stack) -> Passwords:
    """Whether a password of ACL LIST is one of those that anybody would try."""
    with connect(stack, "auditor") as auditor:
        return passwords_by_rules(rules_of(auditor))


def passwords_by_rules(users: Users) -> Passwords:
    guessed = {name: well_known.guessed(name, users[name]) for name in _on(users)}
    return Passwords(
        users=tuple(users),
        tried=len(well_known.words()),
        guessed={name: why for name, why in guessed.items() if why},
    )


def _on(users: Users) -> list[str]:
    return [name for name, rules in users.items() if account(rules).on]
