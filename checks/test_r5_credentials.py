"""R5: the credentials are passed to the app, which uses them, and nobody else gets to see them."""

import json
from dataclasses import dataclass

import pytest
import requests

from checks.evidence import Evidence
from checks.items import ANSWER_SECONDS, Items, numbered
from checks.logins import connect
from checks.verdict import Violation, judges
from stack.driver import Stack
from stack.subject import Role


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
    hits = [f"{name} in {place}" for place, text in places.items() for name in secrets if secrets[name] in text]
    return Sightings(looked_for=tuple(secrets), looked_at=tuple(places), found=tuple(hits))


def _places(stack: Stack) -> dict[str, str]:
    places: dict[str, str] = {}
    for service in stack.services:
        places |= {f"{place} of {service}": text for place, text in stack.seen_of(service).items()}
    items, routes = Items(stack), stack.subject.routes
    for path in (routes.metrics, routes.health, f"{routes.get}sighted-0"):
        answer = requests.get(items.url(path), timeout=ANSWER_SECONDS)
        places[f"response to {path}"] = json.dumps(dict(answer.headers)) + answer.text
    return places


@pytest.mark.requirement("R5")
def test_the_app_is_logged_in_as_its_own_user(stack: Stack, evidence: Evidence) -> None:
    assert connection_violations(evidence.saw(look_who_is_connected(stack))) == []


@pytest.mark.requirement("R5")
def test_no_password_is_to_be_seen(stack: Stack, evidence: Evidence) -> None:
    assert sighting_violations(evidence.saw(look_for_secrets(stack))) == []
