"""What is asked of Redis' users."""

import stat
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from checks.core.place import Place
from checks.core.presence import Presence, absence
from checks.core.registry import judges
from checks.core.verdict import Violation
from checks.roles.redis.acl import GIVES_EVERYTHING, account
from checks.roles.redis.wire import CLOSED, SILENT

UNANSWERED = (CLOSED, SILENT)
UNKNOWN_TO_REDIS = ("NOAUTH", "WRONGPASS")
SWITCHED_OFF = "command not allowed. If the enable-"  # MODULE and DEBUG: redis.conf denies them to everyone
OTHERS = stat.S_IRWXG | stat.S_IRWXO


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
    return [Violation(rule, seen=_told(let_in), wanted=wanted, late=_is_late(let_in))] if let_in else []


@dataclass(frozen=True, kw_only=True)
class User:
    """A user as ACL LIST shows it, its password hashes left out: 'on', 'nopass', '~item:*', '+get', '-@all', ..."""

    name: str
    rules: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Users:
    """Every user that Redis knows; where files say them."""

    users: tuple[User, ...]
    place: Place | None = None


@judges(Users)
def users_violations(seen: Users) -> list[Violation]:
    found = []
    accounts = {user.name: account(user.rules) for user in seen.users}
    on = {name: one for name, one in accounts.items() if one.on}
    if "default" not in accounts or "default" in on:
        found.append(Violation("default-user-off", seen="on, or not listed", wanted="off"))
    if open_to_all := [name for name, one in on.items() if one.nopass]:
        found.append(Violation("every-user-has-a-password", seen=open_to_all, wanted="no user with `nopass`"))
    if almighty := [name for name, one in on.items() if one.may(GIVES_EVERYTHING)]:
        wanted = "no user who may run ACL SETUSER, and so give itself everything"
        found.append(Violation("nobody-may-do-everything", seen=almighty, wanted=wanted))
    return [replace(one, place=seen.place) for one in found]


def users_of(lines: Iterable[str]) -> Users:
    """What ACL LIST says, without the password hashes."""
    words = [line.split() for line in lines if line.strip()]
    return Users(users=tuple(User(name=name, rules=_without_hashes(rules)) for _, name, *rules in words))


def _without_hashes(words: list[str]) -> tuple[str, ...]:
    return tuple(word for word in words if not word.startswith("#"))


@dataclass(frozen=True, kw_only=True)
class AppUser:
    """What the service's own user got: what it needs (directly and through the service), and everything else."""

    needed: tuple[Attempt, ...]
    lost_items: tuple[str, ...]
    beyond: tuple[Attempt, ...]


@judges(AppUser)
def app_user_violations(seen: AppUser) -> list[Violation]:
    found = []
    rejected = [attempt for attempt in seen.needed if attempt.answer.startswith("-") or attempt.answer in UNANSWERED]
    if rejected or not seen.needed:
        found.append(Violation("app-user-accepted", seen=_told(rejected), wanted="no error", late=_is_late(rejected)))
    if seen.lost_items:
        found.append(Violation("app-user-accepted", seen=list(seen.lost_items), wanted="items read back as stored"))
    allowed = [attempt for attempt in seen.beyond if not refused(attempt, "NOPERM")]
    if not rejected and (allowed or not seen.beyond):
        found.append(Violation("denied-beyond-need", seen=_told(allowed), wanted="NOPERM", late=_is_late(allowed)))
    return found


@dataclass(frozen=True, kw_only=True)
class OtherUser:
    """What another user that the profile names got: what it is for, and everything else."""

    login: str
    needed: tuple[Attempt, ...]
    beyond: tuple[Attempt, ...]


@judges(OtherUser)
def other_user_violations(seen: OtherUser) -> list[Violation]:
    rejected = [attempt for attempt in seen.needed if attempt.answer.startswith("-") or attempt.answer in UNANSWERED]
    if rejected or not seen.needed:
        return [
            Violation(
                "others-limited", seen=f"{seen.login}: {_told(rejected)}", wanted="no error", late=_is_late(rejected)
            )
        ]
    allowed = [attempt for attempt in seen.beyond if not refused(attempt, "NOPERM")]
    if allowed or not seen.beyond:
        return [
            Violation("others-limited", seen=f"{seen.login}: {_told(allowed)}", wanted="NOPERM", late=_is_late(allowed))
        ]
    return []


@dataclass(frozen=True, kw_only=True)
class WrongLogins:
    """What came of AUTH and HELLO with a user and a password that do not belong together."""

    attempts: tuple[Attempt, ...]


@judges(WrongLogins)
def wrong_login_violations(seen: WrongLogins) -> list[Violation]:
    let_in = [attempt for attempt in seen.attempts if not refused(attempt, "WRONGPASS")]
    if seen.attempts and not let_in:
        return []
    return [Violation("wrong-login-rejected", seen=_told(let_in), wanted="WRONGPASS", late=_is_late(let_in))]


@dataclass(frozen=True, kw_only=True)
class Rejection:
    """An entry of ACL LOG: who was denied ('auth' or 'command'), and what ('AUTH', 'acl|whoami')."""

    username: str
    reason: str
    object: str


@dataclass(frozen=True, kw_only=True)
class AclLog:
    """Attempts that Redis rejected, and what it wrote into ACL LOG meanwhile."""

    rejected: tuple[Rejection, ...]
    logged: tuple[Rejection, ...]


@judges(AclLog)
def acl_log_violations(seen: AclLog) -> list[Violation]:
    rule = "rejections-are-logged"
    if not any(rejection.reason == "auth" for rejection in seen.rejected):
        return [Violation(rule, seen="no login was rejected", wanted="a rejected login")]
    missing = [f"{one.username}: {one.object}" for one in seen.rejected if one not in seen.logged]
    return [Violation(rule, seen=f"not in ACL LOG: {', '.join(missing)}", wanted="all")] if missing else []


@dataclass(frozen=True, kw_only=True)
class UsersAfterRestart:
    """Redis' users after it was restarted: those that are not what they were, and whom it lets in."""

    came_back_anew: bool
    users: tuple[str, ...]
    changed: tuple[str, ...]
    default: tuple[Attempt, ...]
    app: Attempt


@judges(UsersAfterRestart)
def users_after_restart_violations(seen: UsersAfterRestart) -> list[Violation]:
    rule = "acl-survives-restart"
    if not seen.came_back_anew or not seen.users:
        return [Violation(rule, seen="Redis did not come back anew, or has no users", wanted="a new start")]
    if seen.changed:
        return [Violation(rule, seen=f"changed: {', '.join(seen.changed)}", wanted="the same users as before")]
    let_in = [attempt for attempt in seen.default if not refused(attempt, *UNKNOWN_TO_REDIS)]
    if let_in or not seen.default:
        return [Violation(rule, seen=_told(let_in), wanted=" or ".join(UNKNOWN_TO_REDIS), late=_is_late(let_in))]
    return [] if seen.app.answer == "+OK" else [Violation(rule, seen=_told([seen.app]), wanted="+OK")]


@dataclass(frozen=True, kw_only=True)
class Plaintext:
    """Where passwords stand as they are, in what Redis is given to read; the passwords themselves are not kept."""

    looked_for: tuple[str, ...]
    looked_at: tuple[str, ...]
    found: tuple[str, ...]
    password_files: Mapping[str, str]  # Compose secrets that are a password and nothing else, by mode: "0400"
    settings: tuple[str, ...]  # which of requirepass and masterauth are set
    place: Place | None = None


@judges(Plaintext)
def plaintext_violations(seen: Plaintext) -> list[Violation]:
    rule = "no-plaintext-password"
    if not seen.looked_for or not seen.looked_at:
        return [Violation(rule, seen="nothing was looked for, or at", wanted="a search")]
    found = [*seen.found, *(f"`{name}` is set" for name in seen.settings)]
    found += [f"{place} has mode {mode}" for place, mode in seen.password_files.items() if int(mode, 8) & OTHERS]
    wanted = "SHA-256; password files as Compose secrets of mode 0400"
    return [Violation(rule, seen=found, wanted=wanted, place=seen.place)] if found else []


def refused(attempt: Attempt, *codes: str) -> bool:
    """Whether the answer is an error of one of these codes (EXECABORT quotes them), or the command is off for all."""
    return attempt.answer.startswith("-") and any(word in attempt.answer for word in (*codes, SWITCHED_OFF))


def _is_late(attempts: list[Attempt]) -> bool:
    """Whether what objects to them is only that no answer came in time, or that nothing was tried."""
    return all(attempt.answer == SILENT for attempt in attempts)


def _told(attempts: list[Attempt]) -> str:
    obeyed_first = sorted(attempts, key=lambda attempt: attempt.answer.startswith("-"))
    told = "; ".join(f"{attempt.request}: {attempt.answer}" for attempt in obeyed_first[:5])
    return f"{told} ... ({len(attempts)} in all)" if len(attempts) > 5 else told or "nothing was tried"


@dataclass(frozen=True, kw_only=True)
class UserKeeper(Presence):
    """The Redis whose users are to be limited."""


@judges(UserKeeper)
def user_keeper_violations(seen: UserKeeper) -> list[Violation]:
    return absence("redis-has-the-users", seen, "nothing has users that could be limited")
