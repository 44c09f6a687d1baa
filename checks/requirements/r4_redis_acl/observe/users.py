"""Try every way into Redis, and everything that its users may do."""

import re
import secrets
import stat
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import redis

from checks.requirements.r4_redis_acl.judge.users import (
    AclLog,
    AppUser,
    Attempt,
    DefaultUser,
    OtherUser,
    Plaintext,
    Rejection,
    Users,
    UsersAfterRestart,
    WrongLogins,
    users_of,
)
from checks.roles.api.client import Items
from checks.roles.load import numbered
from checks.roles.redis.acl_text import has_plain_password
from checks.roles.redis.client import connect, every_command
from checks.roles.redis.endpoint import address_of
from checks.roles.redis.wire import CLOSED, Wire, inline, packed
from checks.subject.roles import Role
from checks.subject.stack import Stack
from stack.driver import docker
from stack.driver.errors import StackError

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
MAY = {"auditor": {"acl|dryrun"}}  # what a login need not be allowed, and may
OLD_PASSWORDS = ("foobared", "password", "redis", "default")  # redis.conf's own example, and what people use


def try_default_user(stack: Stack) -> DefaultUser:
    """Every command without a login, packed and INLINE, and AUTH and HELLO as default with several passwords."""
    requests = [command for command in every_command(stack) if command[0] not in WITHOUT_LOGIN]
    requests.sort(key=lambda command: command[0] in ENDS_THE_SERVER)
    address = address_of(stack)
    anonymous = [("HELLO 3", packed("HELLO", "3")), ("INLINE HELLO 2", inline("HELLO", "2"))]
    for command in requests:
        told = " ".join(command)
        anonymous += [(told, packed(*command)), (f"INLINE {told}", inline(*command))]
    passwords = {
        "(empty)": "",
        **({"the app's password": stack.credentials.password("app")} if "app" in stack.subject.credentials else {}),
        **{word: word for word in OLD_PASSWORDS},
    }
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
    return users_of(_acl_lines(stack).values())


def _acl_lines(stack: Stack) -> dict[str, str]:
    """{user: its line of ACL LIST}."""
    with connect(stack, "auditor") as auditor:
        return {str(line).split()[1]: str(line) for line in auditor.acl_list()}


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
    key = f"{stack.credentials.login(login).keys}acl-direct"
    needs = [need.replace("|", " ").format(key=key) for need in NEEDS[login]]
    return _ask_as(stack, login, [tuple(need.split()) for need in needs])


def _ask_for_everything_else(stack: Stack, login: str) -> tuple[Attempt, ...]:
    needed = {need.split()[0] for need in NEEDS[login]}
    allowed = needed | WITHOUT_LOGIN | MAY.get(login, set())
    beyond = [command for command in every_command(stack) if not {command[0], "|".join(command[:2])} & allowed]
    beyond.sort(key=lambda command: command[0] in ENDS_THE_SERVER)
    if stack.credentials.login(login).keys and "set" in needed:
        beyond = [("set", "outside-its-prefix", "1"), ("get", "outside-its-prefix"), *beyond]
    return _ask_as(stack, login, beyond)


def _ask_as(stack: Stack, login: str, commands: list[tuple[str, ...]]) -> tuple[Attempt, ...]:
    address = address_of(stack)
    as_user = packed("AUTH", stack.credentials.login(login).user, stack.credentials.password(login))
    return _ask(address, [(" ".join(command), packed(*command)) for command in commands], as_user)


def try_wrong_logins(stack: Stack) -> WrongLogins:
    """Each user with no password, a made-up one and those of others; and a user whom nobody made."""
    named = {f"the {login} password": stack.credentials.password(login) for login in stack.subject.credentials}
    named |= {"(empty)": "", "a made-up password": secrets.token_urlsafe(16)}
    own: dict[str, set[str]] = {f"nobody-{secrets.token_hex(4)}": set()}
    for name, login in stack.subject.credentials.items():
        own.setdefault(login.user, set()).add(stack.credentials.password(name))
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
    return WrongLogins(attempts=_ask(address_of(stack), logins))


def try_and_read_the_log(stack: Stack) -> AclLog:
    """Log in as somebody who does not exist, and as the app ask for what it may not do; then read ACL LOG."""
    nobody, app = f"nobody-{secrets.token_hex(4)}", stack.credentials.login("app").user
    with connect(stack, "auditor") as auditor:
        before = _acl_log(auditor)
        address = address_of(stack)
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
    before, started = _acl_lines(stack), stack.runner.incarnation(service)
    stack.runner.restart(service)
    after = _acl_lines(stack)
    app = stack.credentials.password("app")
    knocks = [
        ("PING", packed("PING")),
        ("AUTH (the app's password)", packed("AUTH", app)),
        ("AUTH default (empty)", packed("AUTH", "default", "")),
    ]
    (accepted,) = _ask(address_of(stack), [("AUTH app", packed("AUTH", stack.credentials.login("app").user, app))])
    return UsersAfterRestart(
        came_back_anew=stack.runner.incarnation(service) != started,
        users=tuple(before),
        changed=tuple(sorted(name for name in {*before, *after} if before.get(name) != after.get(name))),
        default=_ask(address_of(stack), knocks),
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
        found=(*found, *(f"`>password` in {place}" for place, text in texts.items() if has_plain_password(text))),
        password_files=modes,
        settings=tuple(sorted(name for name, value in settings.items() if value)),
    )


def _given_to_redis(stack: Stack, passwords: set[str]) -> tuple[dict[str, str], dict[str, str]]:
    """{place: mode} of the Compose secrets that are a password and nothing else; {place: text} of everything else."""
    service = stack.roles[Role.REDIS]
    spec, declared = stack.project.config["services"][service], stack.project.config.get("secrets") or {}
    handed_over = {Path(declared[one["source"]].get("file", "")).resolve() for one in spec.get("secrets") or ()}
    container = stack.runner.container(service)
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
    code, text = docker.run_inside(stack.runner.container(stack.roles[Role.REDIS]).id, "cat", path)
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
