"""Who plays a role where it runs: whoever speaks as it does. Asked where files leave a role open, or unplayed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import requests

from checks.roles.api.client import Items
from checks.roles.redis.wire import Wire, packed
from checks.subject.ports import published
from checks.subject.role_tables import Role, product
from checks.subject.roles import Absent, Finding, Found, Open
from checks.subject.stack import Stack
from stack.driver.errors import StackError

ANSWER_SECONDS = 2.0
SICK = 500  # an HTTP status from here on says that the service cannot do its work
RESP = ("+PONG", "-NOAUTH", "-NOPERM", "-DENIED", "-LOADING", "-MASTERDOWN")  # what a Redis says to PING
SPEAKS = {Role.REDIS: "it answers PING in RESP", Role.PROMETHEUS: "it serves Prometheus' HTTP API"}


def settled(stack: Stack, known: dict[Role, Finding]) -> Stack:
    """The stack, with the roles that its running services settle; `known` keeps them for the next stack of its kind."""
    for role, speaks in ((Role.REDIS, speaks_resp), (Role.PROMETHEUS, serves_prometheus)):
        if role not in known and _is_unsettled(stack.roles.findings[role]):
            known[role] = _asked(stack, role, speaks)
    return replace(stack, seen=known, _roles={}) if known else stack


def answers(stack: Stack, service: str) -> bool:
    """Whether a service answers as its role does, whatever its health check says; False for one without a role."""
    if service in stack.candidates(Role.REDIS):
        return any(map(speaks_resp, _addresses(stack, service, Role.REDIS)))
    if service in stack.candidates(Role.PROMETHEUS):
        return any(map(serves_prometheus, _addresses(stack, service, Role.PROMETHEUS)))
    return service in stack.candidates(Role.API) and _answers_at_all(stack)


def _answers_at_all(stack: Stack) -> bool:
    """Whether the health route of the api is answered: what with is for the checks to judge, unless it cannot work."""
    try:
        return requests.get(Items(stack).url(stack.subject.routes.health), timeout=ANSWER_SECONDS).status_code < SICK
    except (requests.RequestException, StackError):
        return False


def speaks_resp(address: str) -> bool:
    """Whether a Redis, or what speaks as one, answers there."""
    try:
        with Wire(address) as wire:
            return wire.ask(packed("PING")).startswith(RESP)
    except OSError:
        return False


def serves_prometheus(address: str) -> bool:
    """Whether Prometheus' HTTP API is served there."""
    try:
        answer = requests.get(f"http://{address}/api/v1/status/buildinfo", timeout=ANSWER_SECONDS)
        return answer.ok and "version" in answer.json()["data"]
    except (requests.RequestException, KeyError, TypeError):
        return False


def _is_unsettled(found: Finding) -> bool:
    return isinstance(found, Open) or (isinstance(found, Absent) and not found.by_profile)


def _asked(stack: Stack, role: Role, speaks: Callable[[str], bool]) -> Finding:
    """What is found of a role by asking those who may play it, or all that run where none looked like it."""
    before = stack.roles.findings[role]
    asked = before.candidates if isinstance(before, Open) else dict.fromkeys(stack.project.services, "")
    speaking = {name: SPEAKS[role] for name in asked if any(map(speaks, _addresses(stack, name, role)))}
    if len(speaking) > 1:
        return Open(role=role, candidates=speaking)
    for service, because in speaking.items():
        return Found(service=service, because=because)
    return before


def _addresses(stack: Stack, service: str, role: Role) -> Iterator[str]:
    """Where a service may answer: on what it exposes or publishes, else where such a service usually does."""
    try:
        exposed = stack.runner.container(service).config.exposed_ports or {}
        ports = {int(port.partition("/")[0]) for port in exposed if port.endswith("/tcp")}
        ports |= set(published(stack.services[service]))
        yield from (stack.runner.address(service, port) for port in sorted(ports) or product(role).ports)
    except StackError:  # it is on no network, or away: nobody can speak to it
        return
