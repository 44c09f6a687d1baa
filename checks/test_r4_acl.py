"""R4: Redis has ACLs, and nobody gets in as the default user."""

import re
import secrets
import stat
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pytest
import redis

from checks.core.evidence import Evidence
from checks.core.verdict import Violation, judges
from checks.roles.api.client import Items, numbered
from checks.roles.redis.client import CLOSED, PORT, Wire, connect, every_command, inline, packed
from checks.subject.profile import Role
from stack.driver.errors import StackError
from stack.driver.project import Stack

UNKNOWN_TO_REDIS = ("NOAUTH", "WRONGPASS")
SWITCHED_OFF = "command not allowed. If the enable-"  # MODULE and DEBUG: redis.conf denies them to everyone
WITHOUT_LOGIN = {"auth", "hello", "quit", "reset"}  # flagged no_auth: Redis answers these to anyone
ENDS_THE_SERVER = {"shutdown", "debug", "failover"}  # asked last, should they be obeyed
NEEDS = {  # what each login of a profile is for: those are to be allowed, and no other command
    "app": ("ping", "set {key} 1", "get {key}"),
    "health": ("ping",),
    "auditor": (
        "ping", "set {key} 1", "get {key}", "del {key}", "waitaof 0 0 0", "bgrewriteaof", "info", "command",
        "config|get dir", "acl|list", "acl|log", "client|list",
    ),
}  # fmt: skip
# `user app on >password`, in a file or an argument: `#` and a digest belong there
PASSWORD_IN_ACL = re.compile(r"(?:^|--)user[ \t][^\n]*[ \t]>\S", re.MULTILINE)
OTHERS = stat.S_IRWXG | stat.S_IRWXO
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


@dataclass(frozen=True, kw_only=True)
class OtherUser:
    """What another user that the profile names got: what it is for, and everything else."""

    login: str
    needed: tuple[Attempt, ...]
    beyond: tuple[Attempt, ...]


@judges(OtherUser)
def other_user_violations(seen: OtherUser) -> list[Violation]:
    rejected = [attempt for attempt in seen.needed if attempt.answer.startswith("-") or attempt.answer == CLOSED]
    if rejected or not seen.needed:
        return [Violation("others-limited", seen=f"{seen.login}: {_told(rejected)}", wanted="no error")]
    allowed = [attempt for attempt in seen.beyond if not refused(attempt, "NOPERM")]
    if allowed or not seen.beyond:
        return [Violation("others-limited", seen=f"{seen.login}: {_told(allowed)}", wanted="NOPERM")]
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
    return [Violation("wrong-login-rejected", seen=_told(let_in), wanted="WRONGPASS")]


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
        return [Violation(rule, seen=_told(let_in), wanted=" or ".join(UNKNOWN_TO_REDIS))]
    return [] if seen.app.answer == "+OK" else [Violation(rule, seen=_told([seen.app]), wanted="+OK")]


@dataclass(frozen=True, kw_only=True)
class Plaintext:
    """Where passwords stand as they are, in what Redis is given to read; the passwords themselves are not kept."""

    looked_for: tuple[str, ...]
    looked_at: tuple[str, ...]
    found: tuple[str, ...]
    password_files: Mapping[str, str]  # Compose secrets that are a password and nothing else, by mode: "0400"
    settings: tuple[str, ...]  # which of requirepass and masterauth are set


@judges(Plaintext)
def plaintext_violations(seen: Plaintext) -> list[Violation]:
    rule = "no-plaintext-password"
    if not seen.looked_for or not seen.looked_at:
        return [Violation(rule, seen="nothing was looked for, or at", wanted="a search")]
    found = [*seen.found, *(f"`{name}` is set" for name in seen.settings)]
    found += [f"{place} has mode {mode}" for place, mode in seen.password_files.items() if int(mode, 8) & OTHERS]
    return (
        [Violation(rule, seen=found, wanted="SHA-256; password files as Compose secrets of mode 0400")] if found else []
    )


def refused(attempt: Attempt, *codes: str) -> bool:
    """Whether the answer is an error of one of these codes (EXECABORT quotes them), or the command is off for all."""
    return attempt.answer.startswith("-") and any(word in attempt.answer for word in (*codes, SWITCHED_OFF))


def try_default_user(stack: Stack) -> DefaultUser:
    """Every command without a login, packed and INLINE, and AUTH and HELLO as default with several passwords."""
    requests = [command for command in every_command(stack) if command[0] not in WITHOUT_LOGIN]
    requests.sort(key=lambda command: command[0] in ENDS_THE_SERVER)
    address = stack.address(stack.roles[Role.REDIS], PORT)
    anonymous = [("HELLO 3", packed("HELLO", "3")), ("INLINE HELLO 2", inline("HELLO", "2"))]
    for command in requests:
        told = " ".join(command)
        anonymous += [(told, packed(*command)), (f"INLINE {told}", inline(*command))]
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
    listed = {name: line.split()[2:] for name, line in _acl_lines(stack).items()}
    return Users(users=tuple(User(name=name, rules=_without_hashes(words)) for name, words in listed.items()))


def _acl_lines(stack: Stack) -> dict[str, str]:
    """{user: its line of ACL LIST}."""
    with connect(stack, "auditor") as auditor:
        return {str(line).split()[1]: str(line) for line in auditor.acl_list()}


def _without_hashes(words: list[str]) -> tuple[str, ...]:
    return tuple(word for word in words if not word.startswith("#"))


def try_app_user(stack: Stack) -> AppUser:
    """What the service does, as the service and directly; then every other command, and a key outside its prefix."""
    items, probe = Items(stack), numbered("acl", 3)
    needed = _ask_for_what_it_needs(stack, "app")
    if any(answer.answer.startswith("-") for answer in needed):
        return AppUser(needed=needed, lost_items=(), beyond=())
    items.store(probe)
    return AppUser(needed=needed, lost_items=tuple(items.lost(probe)), beyond=_ask_for_everything_else(stack, "app"))


def try_other_users(stack: Stack) -> Iterator[OtherUser]:
    """The same for each other login that the profile names and whose needs are known."""
    for login in NEEDS:
        if login != "app" and login in stack.subject.credentials:
            needed = _ask_for_what_it_needs(stack, login)
            yield OtherUser(login=login, needed=needed, beyond=_ask_for_everything_else(stack, login))


def _ask_for_what_it_needs(stack: Stack, login: str) -> tuple[Attempt, ...]:
    key = f"{stack.login(login).keys}acl-direct"
    needs = [need.replace("|", " ").format(key=key) for need in NEEDS[login]]
    return _ask_as(stack, login, [tuple(need.split()) for need in needs])


def _ask_for_everything_else(stack: Stack, login: str) -> tuple[Attempt, ...]:
    needed = {need.split()[0] for need in NEEDS[login]}
    allowed = needed | WITHOUT_LOGIN
    beyond = [command for command in every_command(stack) if not {command[0], "|".join(command[:2])} & allowed]
    beyond.sort(key=lambda command: command[0] in ENDS_THE_SERVER)
    if stack.login(login).keys and "set" in needed:
        beyond = [("set", "outside-its-prefix", "1"), ("get", "outside-its-prefix"), *beyond]
    return _ask_as(stack, login, beyond)


def _ask_as(stack: Stack, login: str, commands: list[tuple[str, ...]]) -> tuple[Attempt, ...]:
    address = stack.address(stack.roles[Role.REDIS], PORT)
    as_user = packed("AUTH", stack.login(login).user, stack.password(login))
    return _ask(address, [(" ".join(command), packed(*command)) for command in commands], as_user)


def try_wrong_logins(stack: Stack) -> WrongLogins:
    """Each user with no password, a made-up one and those of others; and a user whom nobody made."""
    named = {f"the {login} password": stack.password(login) for login in stack.subject.credentials}
    named |= {"(empty)": "", "a made-up password": secrets.token_urlsafe(16)}
    own: dict[str, set[str]] = {f"nobody-{secrets.token_hex(4)}": set()}
    for name, login in stack.subject.credentials.items():
        own.setdefault(login.user, set()).add(stack.password(name))
    logins = [
        request
        for user, passwords in own.items()
        for name, password in named.items()
        if password not in passwords
        for request in (
            (f"AUTH {user} {name}", packed("AUTH", user, password)),
            (f"HELLO 3 AUTH {user} {name}", packed("HELLO", "3", "AUTH", user, password)),
        )
    ]
    return WrongLogins(attempts=_ask(stack.address(stack.roles[Role.REDIS], PORT), logins))


def try_and_read_the_log(stack: Stack) -> AclLog:
    """Log in as somebody who does not exist, and as the app ask for what it may not do; then read ACL LOG."""
    nobody, app = f"nobody-{secrets.token_hex(4)}", stack.login("app").user
    with connect(stack, "auditor") as auditor:
        before = _acl_log(auditor)
        address = stack.address(stack.roles[Role.REDIS], PORT)
        answers = {
            Rejection(username=nobody, reason="auth", object="AUTH"): _ask(
                address, [("AUTH", packed("AUTH", nobody, nobody))]
            ),
            Rejection(username=app, reason="command", object="acl|whoami"): _ask_as(stack, "app", [("acl", "whoami")]),
        }
        new = _acl_log(auditor) - before
    rejected = (one for one, (attempt,) in answers.items() if attempt.answer.startswith("-"))
    return AclLog(rejected=tuple(rejected), logged=tuple(new))


def _acl_log(auditor: redis.Redis) -> Counter[Rejection]:
    """How often each rejection is counted in ACL LOG, which sums up what is alike."""
    entries = Counter[Rejection]()
    for entry in auditor.acl_log():
        told = {name: str(value) for name, value in entry.items()}
        rejection = Rejection(username=told["username"], reason=told["reason"], object=told["object"])
        entries[rejection] += int(told["count"])
    return entries


def restart_and_list_users(stack: Stack) -> UsersAfterRestart:
    """Restart Redis in the ordinary way, compare ACL LIST, and knock again as default and as the app."""
    service = stack.roles[Role.REDIS]
    before, started = _acl_lines(stack), stack.state(service).started_at
    stack.restart(service)
    after = _acl_lines(stack)
    app = stack.password("app")
    knocks = [
        ("PING", packed("PING")),
        ("AUTH (the app's password)", packed("AUTH", app)),
        ("AUTH default (empty)", packed("AUTH", "default", "")),
    ]
    (accepted,) = _ask(stack.address(service, PORT), [("AUTH app", packed("AUTH", stack.login("app").user, app))])
    return UsersAfterRestart(
        came_back_anew=stack.state(service).started_at != started,
        users=tuple(before),
        changed=tuple(sorted(name for name in {*before, *after} if before.get(name) != after.get(name))),
        default=_ask(stack.address(service, PORT), knocks),
        app=accepted,
    )


def look_for_plaintext(stack: Stack) -> Plaintext:
    """Search every password in Redis' command line, its configuration, its ACL file, and all that it mounts."""
    passwords = stack.secrets()
    with connect(stack, "auditor") as auditor:
        settings = auditor.config_get("requirepass", "masterauth")
        named = [str(auditor.info("server")["config_file"]), str(auditor.config_get("aclfile")["aclfile"])]
    modes, texts = _given_to_redis(stack, set(passwords.values()))
    texts |= {path: _inside(stack, path) for path in named if path and path not in texts}
    found = [
        f"`{name}` in {place}" for place, text in texts.items() for name in passwords if shows(passwords[name], text)
    ]
    return Plaintext(
        looked_for=tuple(passwords),
        looked_at=tuple(texts),
        found=(*found, *(f"`>password` in {place}" for place, text in texts.items() if PASSWORD_IN_ACL.search(text))),
        password_files=modes,
        settings=tuple(sorted(name for name, value in settings.items() if value)),
    )


def _given_to_redis(stack: Stack, passwords: set[str]) -> tuple[dict[str, str], dict[str, str]]:
    """{place: mode} of the Compose secrets that are a password and nothing else; {place: text} of everything else."""
    service = stack.roles[Role.REDIS]
    spec, declared = stack.config["services"][service], stack.config.get("secrets") or {}
    handed_over = {Path(declared[one["source"]].get("file", "")).resolve() for one in spec.get("secrets") or ()}
    container = stack.container(service)
    modes, texts = {}, {"command line": " ".join([container.path, *container.args])}
    for mount in container.mounts:
        for place, file in _files_of(Path(str(mount.source)), Path(str(mount.destination))):
            text = _text_of(file)
            if file.resolve() in handed_over and text.strip() in passwords:
                modes[place] = f"{stat.S_IMODE(file.stat().st_mode):04o}"
            else:
                texts[place] = text
    return modes, texts


def _files_of(source: Path, destination: Path) -> Iterator[tuple[str, Path]]:
    """(path in the container, path on this machine) of a mounted file, or of each below a mounted directory."""
    for file in (source, *source.rglob("*")):
        if file.is_file():
            yield str(destination / file.relative_to(source)), file


def _text_of(file: Path) -> str:
    with suppress(FileNotFoundError):  # Redis removes what it has rewritten
        return file.read_text(errors="replace")
    return ""


def _inside(stack: Stack, path: str) -> str:
    """A file that is not mounted, as the container has it."""
    code, text = stack.run_inside(stack.roles[Role.REDIS], "cat", path)
    if code != 0:
        raise StackError(f"{path}, which Redis reads, cannot be read in its container: {text.strip()}")
    return text


def shows(password: str, text: str) -> bool:
    """Whether a password stands in a text as a word of its own: a short one may be a part of others."""
    return bool(re.search(rf"(?<![\w-]){re.escape(password)}(?![\w-])", text))


def _ask(address: str, requests: list[tuple[str, bytes]], login: bytes = b"") -> tuple[Attempt, ...]:
    """Each request in turn; after anything but an error, which may have changed the connection, on a new one."""
    attempts: list[Attempt] = []
    remaining = list(requests)
    while remaining:
        try:
            wire = Wire(address)
        except OSError:
            if not attempts:
                raise
            return (*attempts, *(Attempt(request=name, answer=CLOSED) for name, _ in remaining))  # it was ended
        with wire:
            if login and (answer := wire.ask(login)) != "+OK":
                return (*attempts, Attempt(request="AUTH", answer=answer))
            _ask_on(wire, remaining, attempts)
    return tuple(attempts)


def _ask_on(wire: Wire, remaining: list[tuple[str, bytes]], attempts: list[Attempt]) -> None:
    while remaining:
        name, request = remaining.pop(0)
        attempts.append(Attempt(request=name, answer=wire.ask(request)))
        if not attempts[-1].answer.startswith("-"):
            break


def _told(attempts: list[Attempt]) -> str:
    obeyed_first = sorted(attempts, key=lambda attempt: attempt.answer.startswith("-"))
    told = "; ".join(f"{attempt.request}: {attempt.answer}" for attempt in obeyed_first[:5])
    return f"{told} ... ({len(attempts)} in all)" if len(attempts) > 5 else told or "nothing was tried"


@pytest.mark.requirement("R4")
def test_nobody_gets_in_as_default_and_each_user_can_do_what_it_is_for_and_nothing_else(
    own_stack: Stack, evidence: Evidence
) -> None:
    """On a stack of its own: where an attack is obeyed (FLUSHALL, SHUTDOWN), nothing can be put back."""
    assert default_user_violations(evidence.saw(try_default_user(own_stack))) == []
    assert app_user_violations(evidence.saw(try_app_user(own_stack))) == []
    for seen in try_other_users(own_stack):
        assert other_user_violations(evidence.saw(seen)) == []


@pytest.mark.requirement("R4")
def test_default_is_off_and_every_other_user_has_a_password_and_limits(stack: Stack, evidence: Evidence) -> None:
    assert users_violations(evidence.saw(list_users(stack))) == []


@pytest.mark.requirement("R4")
def test_a_wrong_password_and_an_unknown_user_are_rejected(stack: Stack, evidence: Evidence) -> None:
    assert wrong_login_violations(evidence.saw(try_wrong_logins(stack))) == []


@pytest.mark.requirement("R4")
def test_rejected_attempts_show_in_the_acl_log(stack: Stack, evidence: Evidence) -> None:
    assert acl_log_violations(evidence.saw(try_and_read_the_log(stack))) == []


@pytest.mark.requirement("R4")
def test_users_are_the_same_after_a_restart(stack: Stack, evidence: Evidence) -> None:
    assert users_after_restart_violations(evidence.saw(restart_and_list_users(stack))) == []


@pytest.mark.requirement("R4")
def test_no_password_stands_in_plain_text_in_what_redis_reads(stack: Stack, evidence: Evidence) -> None:
    assert plaintext_violations(evidence.saw(look_for_plaintext(stack))) == []
