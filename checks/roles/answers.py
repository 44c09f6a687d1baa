"""Who plays a role where it runs: whoever speaks as it does. Asked where files leave a role open, or unplayed."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator
from dataclasses import replace

import requests

from checks.roles.api.client import Items
from checks.subject.ports import published
from checks.subject.role_tables import Role, every_role, product
from checks.subject.roles import Absent, Finding, Found, Open
from checks.subject.stack import Stack
from stack.driver.errors import StackError

ANSWER_SECONDS = 2.0
SICK = 500  # an HTTP status from here on says that the service cannot do its work


def settled(stack: Stack, known: dict[Role, Finding]) -> Stack:
    """The stack, with the roles that its running services settle; `known` keeps them for the next stack of its kind."""
    for role in every_role():
        if product(role).speaks and role not in known and _is_unsettled(stack.roles.findings[role]):
            known[role] = _asked(stack, role)
    return replace(stack, seen=known, _roles={}) if known else stack


def answers(stack: Stack, service: str) -> bool:
    """Whether a service answers as its role does, whatever its health check says; False for one without a role."""
    if service in stack.candidates(Role.API):
        return _answers_at_all(stack)
    played = [role for role in every_role() if product(role).speaks and service in stack.candidates(role)]
    return any(any(map(speaks_as(role), _addresses(stack, service, role))) for role in played)


def _answers_at_all(stack: Stack) -> bool:
    """Whether the health route of the api is answered: what with is for the checks to judge, unless it cannot work."""
    try:
        return requests.get(Items(stack).url(stack.subject.routes.health), timeout=ANSWER_SECONDS).status_code < SICK
    except (requests.RequestException, StackError):
        return False


def _is_unsettled(found: Finding) -> bool:
    return isinstance(found, Open) or (isinstance(found, Absent) and not found.by_profile)


def speaks_as(role: Role) -> Callable[[str], bool]:
    """The role's own question, put to an address."""
    asks: Callable[[str], bool] = importlib.import_module(f"checks.roles.{role}.speaks").speaks
    return asks


def _asked(stack: Stack, role: Role) -> Finding:
    """What is found of a role by asking those who may play it, or all that run where none looked like it."""
    before, speaks = stack.roles.findings[role], speaks_as(role)
    asked = before.candidates if isinstance(before, Open) else dict.fromkeys(stack.project.services, "")
    speaking = {name: product(role).speaks for name in asked if any(map(speaks, _addresses(stack, name, role)))}
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
