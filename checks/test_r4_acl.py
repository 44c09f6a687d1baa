"""R4: Redis has ACLs, and nobody gets in as the default user."""

from dataclasses import dataclass

import pytest

from checks.evidence import Evidence
from checks.items import Items, numbered
from checks.logins import CLOSED, PORT, Wire, connect, every_command, inline, packed
from checks.verdict import Violation, judges
from stack.driver import Stack
from stack.subject import Role

UNKNOWN_TO_REDIS = ("NOAUTH", "WRONGPASS")
SWITCHED_OFF = "command not allowed. If the enable-"  # MODULE and DEBUG: redis.conf denies them to everyone
WITHOUT_LOGIN = {"auth", "hello", "quit", "reset"}  # flagged no_auth: Redis answers these to anyone
ENDS_THE_SERVER = {"shutdown", "debug", "failover"}  # asked last, should they be obeyed
OLD_PASSWORDS = ("foobared", "password", "redis", "default")  # redis.conf's own example, and what people use


@dataclass(frozen=True, kw_only=True)
class Attempt:
    """One request, passwords named and not spelled out, and the first line of the answer."""

    request: str
    answer: str


@dataclass(frozen=True, kw_only=True)
class DefaultUser:
    """What came of trying to get in as the default user."""

    without_login: tuple[Attempt, ...]
    by_password: tuple[Attempt, ...]


@judges(DefaultUser)
def default_user_violations(seen: DefaultUser) -> list[Violation]:
    rule, wanted = "default-user-rejected", " or ".join(UNKNOWN_TO_REDIS)
    if not seen.without_login or not seen.by_password:
        return [Violation(rule, seen="nothing was tried", wanted=wanted)]
    attempts = (*seen.without_login, *seen.by_password)
    let_in = [attempt for attempt in attempts if not refused(attempt, *UNKNOWN_TO_REDIS)]
    return [Violation(rule, seen=_told(let_in), wanted=wanted)] if let_in else []


@dataclass(frozen=True, kw_only=True)
class User:
    """A user as ACL LIST shows it, its password hashes left out: 'on', 'nopass', '~item:*', '+get', '-@all', ..."""

    name: str
    rules: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Users:
    """Every user that Redis knows."""

    users: tuple[User, ...]


@judges(Users)
def users_violations(seen: Users) -> list[Violation]:
    found = []
    on = [user for user in seen.users if "on" in user.rules]
    if "off" not in next((user.rules for user in seen.users if user.name == "default"), ()):
        found.append(Violation("default-user-off", seen="on, or not listed", wanted="off"))
    if open_to_all := [user.name for user in on if "nopass" in user.rules]:
        found.append(Violation("every-user-has-a-password", seen=open_to_all, wanted="no user with `nopass`"))
    if almighty := [user.name for user in on if {"+@all", "allcommands"} & set(user.rules)]:
        found.append(Violation("nobody-may-do-everything", seen=almighty, wanted="no user with `+@all`"))
    return found


@dataclass(frozen=True, kw_only=True)
class AppUser:
    """What the service's own user got: what it needs (directly and through the service), and everything else."""

    needed: tuple[Attempt, ...]
    lost_items: tuple[str, ...]
    beyond: tuple[Attempt, ...]


@judges(AppUser)
def app_user_violations(seen: AppUser) -> list[Violation]:
    found = []
    rejected = [attempt for attempt in seen.needed if attempt.answer.startswith("-") or attempt.answer == CLOSED]
    if rejected or not seen.needed:
        found.append(Violation("app-user-accepted", seen=_told(rejected), wanted="no error"))
    if seen.lost_items:
        found.append(Violation("app-user-accepted", seen=list(seen.lost_items), wanted="items read back as stored"))
    allowed = [attempt for attempt in seen.beyond if not refused(attempt, "NOPERM")]
    if not rejected and (allowed or not seen.beyond):
        found.append(Violation("denied-beyond-need", seen=_told(allowed), wanted="NOPERM"))
    return found


def refused(attempt: Attempt, *codes: str) -> bool:
    """Whether the answer is an error of one of these codes (EXECABORT quotes them), or the command is off for all."""
    return attempt.answer.startswith("-") and any(word in attempt.answer for word in (*codes, SWITCHED_OFF))


def try_default_user(stack: Stack) -> DefaultUser:
    """Every command without a login, packed and INLINE, and AUTH and HELLO as default with several passwords."""
    requests = [command for command in every_command(stack) if command[0] not in WITHOUT_LOGIN]
    requests.sort(key=lambda command: command[0] in ENDS_THE_SERVER)
    address = stack.address(stack.roles[Role.REDIS], PORT)
    anonymous = [
        *((" ".join(command), packed(*command)) for command in requests),
        *((f"INLINE {' '.join(command)}", inline(*command)) for command in requests),
        ("HELLO 3", packed("HELLO", "3")),
        ("INLINE HELLO 2", inline("HELLO", "2")),
    ]
    passwords = {"(empty)": "", "the app's password": stack.password("app"), **{word: word for word in OLD_PASSWORDS}}
    logins = [
        request
        for name, password in passwords.items()
        for request in (
            (f"AUTH {name}", packed("AUTH", password)),
            (f"AUTH default {name}", packed("AUTH", "default", password)),
            (f"HELLO 3 AUTH default {name}", packed("HELLO", "3", "AUTH", "default", password)),
        )
    ]
    return DefaultUser(without_login=_ask(address, anonymous), by_password=_ask(address, logins))


def list_users(stack: Stack) -> Users:
    with connect(stack, "auditor") as auditor:
        listed = [str(line).split() for line in auditor.acl_list()]
    return Users(users=tuple(User(name=words[1], rules=_without_hashes(words[2:])) for words in listed))


def _without_hashes(words: list[str]) -> tuple[str, ...]:
    return tuple(word for word in words if not word.startswith("#"))


def try_app_user(stack: Stack) -> AppUser:
    """What the service does, as the service and directly; then every other command, and a key outside its prefix."""
    items, probe = Items(stack), numbered("acl", 3)
    login = stack.login("app")
    address = stack.address(stack.roles[Role.REDIS], PORT)
    as_app = packed("AUTH", login.user, stack.password("app"))
    needed = {("ping",), ("set", f"{login.keys}acl-direct", "1"), ("get", f"{login.keys}acl-direct")}
    answers = _ask(address, [(" ".join(command), packed(*command)) for command in sorted(needed)], as_app)
    if any(answer.answer.startswith("-") for answer in answers):
        return AppUser(needed=answers, lost_items=(), beyond=())
    items.store(probe)
    beyond = [command for command in every_command(stack) if command[0] not in {"ping", "set", "get", *WITHOUT_LOGIN}]
    beyond.sort(key=lambda command: command[0] in ENDS_THE_SERVER)
    if login.keys:
        beyond = [("set", "outside-its-prefix", "1"), ("get", "outside-its-prefix"), *beyond]
    return AppUser(
        needed=answers,
        lost_items=tuple(items.lost(probe)),
        beyond=_ask(address, [(" ".join(command), packed(*command)) for command in beyond], as_app),
    )


def _ask(address: str, requests: list[tuple[str, bytes]], login: bytes = b"") -> tuple[Attempt, ...]:
    """Each request in turn; after anything but an error, which may have changed the connection, on a new one."""
    attempts: list[Attempt] = []
    remaining = list(requests)
    while remaining:
        with Wire(address) as wire:
            if login and (answer := wire.ask(login)) != "+OK":
                return (*attempts, Attempt(request="AUTH", answer=answer))
            while remaining:
                name, request = remaining.pop(0)
                attempts.append(Attempt(request=name, answer=wire.ask(request)))
                if not attempts[-1].answer.startswith("-"):
                    break
    return tuple(attempts)


def _told(attempts: list[Attempt]) -> str:
    obeyed_first = sorted(attempts, key=lambda attempt: attempt.answer.startswith("-"))
    told = "; ".join(f"{attempt.request}: {attempt.answer}" for attempt in obeyed_first[:5])
    return f"{told} ... ({len(attempts)} in all)" if len(attempts) > 5 else told or "nothing was tried"


@pytest.mark.requirement("R4")
def test_default_user_is_rejected(stack: Stack, evidence: Evidence) -> None:
    assert default_user_violations(evidence.saw(try_default_user(stack))) == []


@pytest.mark.requirement("R4")
def test_default_is_off_and_every_other_user_has_a_password_and_limits(stack: Stack, evidence: Evidence) -> None:
    assert users_violations(evidence.saw(list_users(stack))) == []


@pytest.mark.requirement("R4")
def test_app_user_can_do_what_it_needs_and_nothing_else(stack: Stack, evidence: Evidence) -> None:
    assert app_user_violations(evidence.saw(try_app_user(stack))) == []
