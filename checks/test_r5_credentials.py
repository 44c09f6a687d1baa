"""R5: the credentials are passed to the app, which uses them, and nobody else gets to see them."""

import json
import re
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from secrets import token_hex

import pytest
import requests

from checks.core.evidence import SHORTEST_SECRET, Evidence, forms
from checks.core.verdict import Violation, judges
from checks.faults import process
from checks.faults.process import DETECTION_SLACK
from checks.roles.api.client import ANSWER_SECONDS, Items, numbered
from checks.roles.redis.client import connect
from checks.subject.profile import Role
from stack.driver import wait
from stack.driver.errors import StackError
from stack.driver.project import Stack

STORE_TRIES = 3
LONGEST_LINE = 300
ILL = {"health_status: unhealthy", "die"}
CREDENTIALS = re.compile(r"credential|pass|auth|login|log in", re.IGNORECASE)
REFUSED = re.compile(r"refus|reject|den(y|ied)|fail|wrong|invalid|incorrect|not accepted|NOAUTH|NOPERM", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True)
class Connections:
    """The Redis users that connections from the app's containers are logged in as (CLIENT LIST), while it works."""

    expected: str
    users: tuple[str, ...]


@judges(Connections)
def connection_violations(seen: Connections) -> list[Violation]:
    if seen.users and set(seen.users) == {seen.expected}:
        return []
    return [Violation("logs-in-as-its-own-user", seen=list(seen.users), wanted=seen.expected)]


@dataclass(frozen=True, kw_only=True)
class Sightings:
    """Where one of the passwords was looked for, and where it was found; the passwords themselves are not kept."""

    looked_for: tuple[str, ...]
    looked_at: tuple[str, ...]
    found: tuple[str, ...]


@judges(Sightings)
def sighting_violations(seen: Sightings) -> list[Violation]:
    if seen.looked_for and seen.looked_at and not seen.found:
        return []
    told = list(seen.found) or "nothing was looked for, or at"
    return [Violation("secret-nowhere-in-sight", seen=told, wanted="in none of them")]


@dataclass(frozen=True, kw_only=True)
class WrongPassword:
    """What became of the app that was restarted with a wrong password, which Redis was seen to refuse.

    `ill_after_s` is from its start to Docker's verdict, or to its end; None where neither came. `said` are the lines of
    its log that say why, and `printed` names the passwords that stand in that log; they themselves are not kept.
    """

    tried_to_store: int
    stored: int
    bound_s: float
    ill_after_s: float | None
    log_lines: int
    said: tuple[str, ...]
    printed: tuple[str, ...]


@judges(WrongPassword)
def wrong_password_violations(seen: WrongPassword) -> list[Violation]:
    found = []
    if seen.stored or not seen.tried_to_store:  # it works all the same: there is nothing that it would complain of
        told = f"{seen.stored} of {seen.tried_to_store} stored"
        return [Violation("no-other-credentials", seen=told, wanted="some tried, and none stored")]
    if seen.ill_after_s is None or seen.ill_after_s > seen.bound_s + DETECTION_SLACK:
        found.append(Violation("wrong-password-turns-unhealthy", seen=seen.ill_after_s, wanted=seen.bound_s))
    if not seen.said:
        told = f"{seen.log_lines} lines of log, and none says so"
        found.append(Violation("wrong-password-says-why", seen=told, wanted="that the credentials were refused"))
    if seen.printed:
        found.append(Violation("wrong-password-not-printed", seen=list(seen.printed), wanted="none of them in the log"))
    return found


def look_who_is_connected(stack: Stack) -> Connections:
    """Have the app work, and read from Redis as whom its connections are logged in."""
    Items(stack).store(numbered("connected", 3))
    addresses = stack.container(stack.roles[Role.API]).network_settings.networks or {}
    of_the_app = {network.ip_address for network in addresses.values()}
    with connect(stack, "auditor") as auditor:
        clients = auditor.client_list()
    users = {client["user"] for client in clients if client["addr"].rpartition(":")[0] in of_the_app}
    return Connections(expected=stack.login("app").user, users=tuple(sorted(users)))


def look_for_secrets(stack: Stack) -> Sightings:
    """Search what anyone may see of the stack: inspect, history, logs, arguments, environments, metrics, responses."""
    Items(stack).store(numbered("sighted", 3))
    secrets, places = stack.secrets(), _places(stack)
    looked_for = {name: forms(secret) for name, secret in secrets.items() if len(secret) >= SHORTEST_SECRET}
    hits = [
        f"{name} in {place}"
        for place, text in places.items()
        for name, ways in looked_for.items()
        if any(form in text for form in ways)
    ]
    return Sightings(looked_for=tuple(looked_for), looked_at=tuple(places), found=tuple(hits))


def _places(stack: Stack) -> dict[str, str]:
    places: dict[str, str] = {}
    for service in stack.services:
        places |= {f"{place} of {service}": text for place, text in stack.seen_of(service).items()}
    items, routes = Items(stack), stack.subject.routes
    for path in (routes.metrics, routes.health, f"{routes.get}sighted-0"):
        answer = requests.get(items.url(path), timeout=ANSWER_SECONDS)
        places[f"response to {path}"] = json.dumps(dict(answer.headers)) + answer.text
    return places


def give_a_wrong_password(stack: Stack, wrong: str) -> WrongPassword:
    """Restart the app with it, follow what Docker and the app's log say, and put the right one back."""
    service, passwords = stack.roles[Role.API], {"the right one": stack.password("app"), "the wrong one": wrong}
    bound = stack.start_period(service) + stack.detection_bound(service)
    with (
        stack.events(service, "health_status", "die") as events,
        process.wrong_password(stack, "app", wrong) as since,
    ):
        start = stack.state(service).started_at or since
        stored = sum(_stored(stack) for _ in range(STORE_TRIES))
        patience = 0.0 if stored else bound + DETECTION_SLACK  # what works all the same has no reason to turn ill
        ill = wait.first(lambda: ill_after(events, start), _is_known, within=patience)
        log = stack.logs(service, since=since)
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


def ill_after(events: Iterable[tuple[datetime, str]], start: datetime) -> float | None:
    """Seconds from a start to the verdict or the end, whichever came first."""
    return next(
        (round((at - start) / timedelta(seconds=1), 3) for at, action in events if at >= start and action in ILL), None
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


@pytest.mark.requirement("R5")
def test_the_app_is_logged_in_as_its_own_user(stack: Stack, evidence: Evidence) -> None:
    assert connection_violations(evidence.saw(look_who_is_connected(stack))) == []


@pytest.mark.requirement("R5")
def test_no_password_is_to_be_seen(stack: Stack, evidence: Evidence) -> None:
    assert sighting_violations(evidence.saw(look_for_secrets(stack))) == []


@pytest.mark.requirement("R5")
@pytest.mark.long
def test_a_wrong_password_makes_it_unhealthy_and_is_not_told(stack: Stack, evidence: Evidence) -> None:
    wrong = token_hex(16)
    evidence.hide(wrong)
    assert wrong_password_violations(evidence.saw(give_a_wrong_password(stack, wrong))) == []
