"""See who is connected to Redis, and look for passwords everywhere."""

import json
import re
import time
from collections.abc import Container, Iterable, Mapping
from contextlib import suppress
from datetime import datetime, timedelta

import requests

from checks.core.bounds import DETECTION_SLACK
from checks.core.redaction import SHORTEST_SECRET, forms
from checks.core.verdict import NotApplicableError
from checks.faults import credentials, operator
from checks.requirements.r5_app_credentials.judge import Connections, PasswordLengths, Sightings, WrongPassword
from checks.roles.api.client import ANSWER_SECONDS, Items
from checks.roles.load import LOAD_SECONDS, Load, at_work, numbered
from checks.roles.prometheus.configuration import metrics_route
from checks.roles.redis.client import connect
from checks.subject.roles import Role
from checks.subject.secrets import lines_of
from checks.subject.stack import Stack
from stack.driver import docker, wait
from stack.driver.containers import logs_of
from stack.driver.errors import StackError, SubjectError
from stack.driver.events import Event

STORE_TRIES = 3
USES = 50  # items that are stored and read while it is watched
BEFORE_LOGIN = {"null", "", "auth", "hello"}
LONGEST_LINE = 300
ILL = {"health_status: unhealthy", "die"}
CREDENTIALS = re.compile(  # `bypass`, "did not pass", a certificate authority and a file that is not there are none
    r"credential|passw(or)?d(?![ _-]?file)|passphrase|(?-i:WRONGPASS|NOAUTH|NOPERM)|unauth(ori[sz]|enticat)ed"
    r"|\bauth(?!ored\b|orit)|\blog ?in\b|denied for user|no permissions? to|\buser is disabled\b|\bACLs?\b",
    re.IGNORECASE,
)
REFUSED = re.compile(
    r"refus|reject|den(y|ied)|fail|wrong|invalid|incorrect|\bbad\b|not (accepted|allowed)|user is disabled|unable"
    r"|could(n't| not)|can(not|'t)|did(n't| not) succeed"
    r"|unauth(ori[sz]|enticat)ed|\bauth\w*[ _-]?error|(?-i:NOAUTH|NOPERM)"
    r"|no permissions? to|\bAUTH\b.*(no password is set|without any password configured)",
    re.IGNORECASE,
)


def look_who_is_connected(stack: Stack) -> Connections:
    """Have the app store and read items, and read from Redis meanwhile as whom its connections are logged in."""
    Items(stack).store(numbered("connected", 3))
    addresses = stack.runner.container(stack.roles[Role.API]).network_settings.networks or {}
    of_the_app = {network.ip_address for network in addresses.values()}
    users, looks = set[str](), 0
    with connect(stack, "auditor") as auditor, at_work(lambda load, _: _use(Items(stack), load), 1) as load:
        deadline = time.monotonic() + LOAD_SECONDS
        while len(load.acknowledged) < USES and time.monotonic() < deadline:
            users |= {client["user"] for client in auditor.client_list() if _is_logged_in_from(client, of_the_app)}
            looks += 1
    return Connections(
        expected=stack.credentials.login("app").user,
        users=tuple(sorted(users)),
        looks=looks,
        items=len(load.acknowledged),
    )


def _use(items: Items, load: Load) -> None:
    """Store items and read each back, one request after another; a service that refuses is told of by others."""
    with suppress(requests.RequestException), requests.Session() as session:
        door = items.door()
        while not load.over.is_set():
            key = f"connected-{len(load.acknowledged) % 3}"
            door.store(session, key, key, timeout=ANSWER_SECONDS).raise_for_status()
            door.read(session, key, timeout=ANSWER_SECONDS)
            load.acknowledged[f"{key} again {len(load.acknowledged)}"] = key


def _is_logged_in_from(client: Mapping[str, str], addresses: Container[str | None]) -> bool:
    """One that has not logged in yet is shown as user default."""
    before_login = client["user"] == "default" and client["cmd"].lower() in BEFORE_LOGIN
    return client["addr"].rpartition(":")[0] in addresses and not before_login


def measure_passwords(stack: Stack) -> PasswordLengths:
    """How long the passwords are that the profile names."""
    if not stack.subject.credentials:
        raise NotApplicableError("compliance.toml names no login, so that no password is known to be measured")
    read = {name: lines_of(stack.credentials.password(name)) for name in stack.subject.credentials}
    return PasswordLengths(of={name: min((len(line) for line in lines), default=0) for name, lines in read.items()})


def look_for_secrets(stack: Stack) -> Sightings:
    """Search what anyone may see of the stack: inspect, history, logs, arguments, environments, metrics, responses."""
    _require_some(stack)
    Items(stack).store(numbered("sighted", 3))
    return _looked_for(stack, _places(stack))


def look_for_secrets_in_failures(stack: Stack) -> Sightings:
    """Search what the app answers to what it refuses and while Redis is away, and what it says when told to stop."""
    _require_some(stack)
    with operator.stopped(stack, stack.roles[Role.REDIS]):
        places = _refusals(stack)
    with operator.stopped(stack, stack.roles[Role.API]):
        places["logs after a stop"] = logs_of(stack.runner.container(stack.roles[Role.API]))
    return _looked_for(stack, places)


def _refusals(stack: Stack) -> dict[str, str]:
    """What comes of requests that no service can fulfil; pages for developers show its settings then."""
    items, routes = Items(stack), stack.subject.routes
    asked = {
        "reads": ("GET", routes.reads_at("sighted-0")),
        "metrics": ("GET", metrics_route(stack)),
        "health": ("GET", routes.health),
        "what is not there": ("GET", "/is-not-there"),
        "a method that it does not have": ("DELETE", routes.stores_at("sighted-0")),
        "no JSON": (routes.method, routes.stores_at("sighted-0")),
    }
    found = {}
    for what, (method, path) in asked.items():
        with suppress(requests.RequestException):  # to say nothing at all tells nothing
            answer = requests.request(method, items.url(path), data="{", timeout=ANSWER_SECONDS, allow_redirects=False)
            found[f"refusal of {what}"] = json.dumps(dict(answer.headers)) + answer.text
    return found


def _require_some(stack: Stack) -> None:
    if not stack.secrets():
        raise NotApplicableError("nothing of it is called a password, a secret or a token: there is none to look for")


def _looked_for(stack: Stack, places: Mapping[str, str]) -> Sightings:
    secrets = stack.secrets()
    logins = {name: stack.credentials.password(name) for name in stack.subject.credentials}
    looked_for = {name: forms(secret) for name, secret in secrets.items() if len(secret) >= SHORTEST_SECRET}
    hits = [
        f"{name} in {place}"
        for place, text in places.items()
        for name, ways in looked_for.items()
        if any(form in text for form in ways)
    ]
    return Sightings(
        looked_for=tuple(looked_for),
        looked_at=tuple(places),
        found=tuple(hits),
        too_short=tuple(name for name, password in logins.items() if not _is_looked_for(password)),
    )


def _is_looked_for(password: str) -> bool:
    """Whether it is, or each line of it that tells something."""
    return all(len(line) >= SHORTEST_SECRET for line in lines_of(password))


def complete(seen: Sightings) -> None:
    """Raises SubjectError where a password of the profile could not be looked for: nothing is known of it."""
    if seen.too_short:
        raise SubjectError(
            f"the password of {', '.join(seen.too_short)} is shorter than {SHORTEST_SECRET} characters, and was not"
            " looked for: it stands in ordinary words, too",
            hint="give it a longer one",
        )


def _places(stack: Stack) -> dict[str, str]:
    places: dict[str, str] = {}
    for service in stack.project.services:
        places |= {f"{place} of {service}": text for place, text in seen_of(stack, service).items()}
    items, routes = Items(stack), stack.subject.routes
    for path in (metrics_route(stack), routes.health, routes.reads_at("sighted-0")):
        answer = requests.get(items.url(path), timeout=ANSWER_SECONDS)
        places[f"response to {path}"] = json.dumps(dict(answer.headers)) + answer.text
    return places


def seen_of(stack: Stack, service: str) -> dict[str, str]:
    """{place: text} of what whoever may ask Docker sees of a service, its processes and its image."""
    container = stack.runner.container(service)
    return {
        "inspect": docker.ask("inspect", container.id),
        "processes": docker.ask("top", container.id),
        "logs": logs_of(container),
        "image": docker.ask("image", "inspect", container.image),
        "image history": docker.ask("history", "--no-trunc", container.image),
    }


def give_a_wrong_password(stack: Stack, wrong: str) -> WrongPassword:
    """Restart the app with it, follow what Docker and the app's log say, and put the right one back."""
    service, passwords = (
        stack.roles[Role.API],
        {"the right one": stack.credentials.password("app"), "the wrong one": wrong},
    )
    bound = stack.runner.health_check(service).start_period + stack.runner.health_check(service).detection_bound
    with (
        stack.runner.events(service, "health_status", "die") as events,
        credentials.wrong_password(stack, "app", wrong) as since,
    ):
        start = stack.runner.incarnation(service).started_at or since
        stored = sum(_stored(stack) for _ in range(STORE_TRIES))
        patience = 0.0 if stored else bound + DETECTION_SLACK  # what works all the same has no reason to turn ill
        ill = wait.until(lambda: ill_after(events, start), _is_known, within=patience)
        log = logs_of(stack.runner.container(service), since=since)
    lines = _without(passwords.values(), log).splitlines()
    return WrongPassword(
        tried_to_store=STORE_TRIES,
        stored=stored,
        bound_s=bound,
        ill_after_s=ill.value,
        log_lines=len(lines),
        said=tuple(dict.fromkeys(line[:LONGEST_LINE] for line in lines if says_why(line)))[:STORE_TRIES],
        printed=tuple(name for name, password in passwords.items() if any(form in log for form in forms(password))),
    )


def ill_after(events: Iterable[Event], start: datetime) -> float | None:
    """Seconds from a start to the verdict or the end, whichever came first."""
    return next(
        (round((one.at - start) / timedelta(seconds=1), 3) for one in events if one.at >= start and one.action in ILL),
        None,
    )


def says_why(line: str) -> bool:
    """Whether a line of a log tells of refused credentials, in Redis' words (WRONGPASS) or in the app's own."""
    return bool(CREDENTIALS.search(line) and REFUSED.search(line))


def _is_known(seconds: float | None) -> bool:
    return seconds is not None


def _stored(stack: Stack) -> bool:
    """Whether the app acknowledges an item; it may have ended, or be at its start."""
    with suppress(requests.RequestException, StackError):
        Items(stack).store(numbered("wrongly", 1))
        return True
    return False


def _without(passwords: Iterable[str], text: str) -> str:
    for form in sorted((form for password in passwords for form in forms(password)), key=len, reverse=True):
        text = text.replace(form, "<password>")
    return text
