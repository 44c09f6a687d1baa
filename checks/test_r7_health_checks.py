"""R7: every service has a health check, which is green when the service is well and red when it is broken."""

from collections.abc import Collection, Mapping
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

import pytest

from checks.core.evidence import Evidence
from checks.core.verdict import Violation, judges
from checks.faults import process
from checks.faults.process import DETECTION_SLACK
from checks.requirements.r7_healthchecks.probe_command import passes_whatever_happens, passwords_on, without_passwords
from checks.subject.profile import Role
from stack.driver import wait
from stack.driver.project import Stack, all_well

RESTART_SECONDS = 20.0  # enough for a healer that was frozen as well, and waits out a stop timeout
RED = "health_status: unhealthy"
RULES = {"frozen": "red-when-broken", "credentials revoked": "red-without-credentials"}
Events = list[tuple[datetime, str]]
Fault = Literal["frozen", "credentials revoked"]
Broken = Mapping[str, AbstractContextManager[datetime]]
"""{service: its fault, which takes hold when it is entered, and tells when that was}."""


@dataclass(frozen=True, kw_only=True)
class Probe:
    """The health check of a service as the engine has it, with no password in it; empty where there is none.

    `passwords` names those that stand in it, if any do.
    """

    service: str
    test: tuple[str, ...]
    passwords: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Probes:
    """The health check of every service that is to go on running."""

    probes: tuple[Probe, ...]


@judges(Probes)
def probe_violations(seen: Probes) -> list[Violation]:
    found = []
    without = [probe.service for probe in seen.probes if not probe.test]
    if without or not seen.probes:
        found.append(Violation("has-a-health-check", seen=f"none: {', '.join(without)}", wanted="every service"))
    if blind := {probe.service: why for probe in seen.probes if (why := passes_whatever_happens(probe.test))}:
        found.append(Violation("check-can-fail", seen=blind, wanted="a status that tells"))
    if open_to_see := {probe.service: list(probe.passwords) for probe in seen.probes if probe.passwords}:
        found.append(Violation("no-password-in-probe", seen=open_to_see, wanted="none"))
    return found


@dataclass(frozen=True, kw_only=True)
class Reported:
    """What Docker said of a service's health before a fault, how soon it said `unhealthy`, and what came after.

    `phases` are seconds: from the fault to that verdict, and from the fault's end until the whole stack was healthy;
    one that was not reached is missing. `bound_s` is what the health check's own settings declare for the first.
    """

    service: str
    fault: Fault
    before: str
    phases: Mapping[str, float]
    bound_s: float


@judges(Reported)
def report_violations(seen: Reported) -> list[Violation]:
    found = []
    if seen.before != "healthy":
        told = f"{seen.service}: {seen.before or 'no health check'} before it was broken"
        found.append(Violation("green-when-well", seen=told, wanted="healthy"))
    if seen.phases.get("detect", float("inf")) > seen.bound_s + DETECTION_SLACK:
        told = f"{seen.service}: {seen.phases.get('detect', 'never')}"
        found.append(Violation(RULES[seen.fault], seen=told, wanted=f"within {seen.bound_s:g} s"))
    if "recover" not in seen.phases:
        told = f"{seen.service}: not healthy again when it was put back"
        found.append(Violation("green-when-well", seen=told, wanted="healthy"))
    return found


def look_at_probes(stack: Stack) -> Probes:
    secrets = stack.secrets()
    tests = {name: stack.probe(name) for name in stack.services}
    return Probes(
        probes=tuple(
            Probe(service=name, test=without_passwords(test, secrets), passwords=passwords_on(test, secrets))
            for name, test in tests.items()
        )
    )


def freeze(stack: Stack, services: Collection[str]) -> list[Reported]:
    """Freeze these services, which do not depend on one another, until Docker has found out about each."""
    return _followed(stack, "frozen", {name: process.frozen(stack, name) for name in services})


def revoke_credentials(stack: Stack) -> list[Reported]:
    """Put a wrong password where Redis' health check finds its own, until Docker has found out."""
    service = stack.roles[Role.REDIS]
    return _followed(stack, "credentials revoked", {service: process.revoked(stack, service, "health")})


def _followed(stack: Stack, fault: Fault, broken: Broken) -> list[Reported]:
    """What the engine says of each before its fault, while it lasts, and when all is put back."""
    stack.wait_until_healthy()
    before = {name: stack.state(name).health for name in broken}
    bounds = {name: stack.detection_bound(name) for name in stack.services}
    red = _until_red(stack, broken, within=max(bounds[name] for name in broken) + DETECTION_SLACK)
    again = wait.first(stack.glance, all_well, within=max(bounds.values()) + RESTART_SECONDS, every=0.25)
    green = {name: round(again.seconds, 3) for name in broken if again.value[name].health == "healthy"}
    return [
        Reported(
            service=name,
            fault=fault,
            before=before[name],
            phases={phase: seen[name] for phase, seen in (("detect", red), ("recover", green)) if name in seen},
            bound_s=bounds[name],
        )
        for name in broken
    ]


def _until_red(stack: Stack, broken: Broken, *, within: float) -> dict[str, float]:
    """{service: seconds from its fault to `unhealthy`}; all are put back when each was found, or the time is over."""
    with ExitStack() as entered:
        events = {name: entered.enter_context(stack.events(name, "health_status")) for name in broken}
        since = {name: entered.enter_context(fault) for name, fault in broken.items()}

        def found() -> dict[str, float]:
            return {name: seconds for name in broken if (seconds := _until(RED, events[name], since[name]))}

        return wait.first(found, lambda seen: len(seen) == len(broken), within=within).value


def _until(action: str, events: Events, since: datetime) -> float | None:
    seconds = [(at - since) / timedelta(seconds=1) for at, named in events if named == action and at >= since]
    return round(seconds[0], 3) if seconds else None


def waves(depends_on: Mapping[str, Collection[str]]) -> list[list[str]]:
    """Services that can be broken together: no one in a wave depends on another in it, through others or not.

    Whatever is then found of one, it is not for what was done to another.
    """
    needs = {name: _all_it_needs(name, depends_on) for name in depends_on}
    found: list[list[str]] = []
    for name in depends_on:
        apart = [wave for wave in found if not any(name in needs[other] or other in needs[name] for other in wave)]
        if apart:
            apart[0].append(name)
        else:
            found.append([name])
    return found


def _all_it_needs(service: str, depends_on: Mapping[str, Collection[str]]) -> set[str]:
    found: set[str] = set()
    ahead = list(depends_on[service])
    while ahead:
        name = ahead.pop()
        if name not in found:
            found.add(name)
            ahead += depends_on.get(name, ())
    return found


def _dependencies(stack: Stack) -> dict[str, list[str]]:
    return {name: list(stack.config["services"][name].get("depends_on") or ()) for name in stack.services}


@pytest.mark.requirement("R7")
def test_every_service_has_a_health_check_that_can_fail_and_shows_no_password(stack: Stack, evidence: Evidence) -> None:
    assert probe_violations(evidence.saw(look_at_probes(stack))) == []


@pytest.mark.requirement("R7")
@pytest.mark.long
def test_every_health_check_turns_red_when_the_service_freezes(stack: Stack, evidence: Evidence) -> None:
    seen = [evidence.saw(one) for wave in waves(_dependencies(stack)) for one in freeze(stack, wave)]
    assert [violation for one in seen for violation in report_violations(one)] == []


@pytest.mark.requirement("R7")
def test_the_health_check_of_redis_turns_red_without_its_credentials(stack: Stack, evidence: Evidence) -> None:
    seen = [evidence.saw(one) for one in revoke_credentials(stack)]
    assert [violation for one in seen for violation in report_violations(one)] == []
