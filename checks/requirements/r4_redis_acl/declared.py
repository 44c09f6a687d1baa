"""Read Redis' users where the files give them."""

import re
from collections.abc import Iterable
from dataclasses import replace

from checks.core.place import first_of
from checks.requirements.r4_redis_acl.judge.left_alone import UsersLeftAlone
from checks.requirements.r4_redis_acl.judge.powers import Passwords, Powers
from checks.requirements.r4_redis_acl.judge.users import Plaintext, User, UserKeeper, Users
from checks.requirements.r4_redis_acl.observe.powers import passwords_by_rules, powers_by_rules
from checks.roles.redis.acl_text import has_plain_password
from checks.roles.redis.background import changing_later
from checks.roles.redis.configuration import users, with_acl_file
from checks.subject.roles import Role
from checks.subject.stack import Files

PASSWORD = re.compile(r"[>#<!]")  # what a password, or the digest of one, begins with in an ACL rule
SETTINGS = ("masterauth", "requirepass")


def list_given_users(files: Files) -> Users:
    """Every user that Redis will know, `default` as Redis has it where nothing is said of it."""
    seen = with_acl_file(files, files.roles[Role.REDIS])
    told = tuple(User(name=name, rules=_without_passwords(rules)) for name, rules in users(seen).items())
    return Users(users=told, place=seen.places.get(""))


def _without_passwords(rules: Iterable[str]) -> tuple[str, ...]:
    return tuple(rule for rule in rules if not PASSWORD.match(rule))


def read_given_users(files: Files) -> tuple[Powers, Passwords]:
    """What each of them could do, and whether anybody would guess its password."""
    seen = with_acl_file(files, files.roles[Role.REDIS])
    known, place = users(seen), seen.places.get("")
    powers, passwords = powers_by_rules(files, known, "the files"), passwords_by_rules(known)
    return replace(powers, place=place), replace(passwords, place=place)


def look_for_given_passwords(files: Files) -> Plaintext:
    """Look for passwords as they are in Redis' command line, configuration and ACL file; they are not kept."""
    seen = with_acl_file(files, files.roles[Role.REDIS])
    return Plaintext(
        looked_for=(*SETTINGS, ">password"),
        looked_at=tuple(seen.texts),
        found=tuple(f"`>password` in {place}" for place, text in seen.texts.items() if has_plain_password(text)),
        password_files={},
        settings=tuple(name for name in SETTINGS if seen.settings.get(name)),
        place=first_of(seen.places, [*(name for name in SETTINGS if seen.settings.get(name)), ""]),
    )


def look_beside_the_users(files: Files) -> UsersLeftAlone:
    """What the command of who has them leaves running beside it, and what else goes on and changes it."""
    return UsersLeftAlone(service=files.roles[Role.REDIS], left_running=changing_later(files))


def find_user_keeper(files: Files) -> UserKeeper:
    """Who has the users, as far as files tell."""
    return UserKeeper(**files.presence(Role.REDIS))
