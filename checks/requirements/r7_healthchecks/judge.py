"""What is asked of health checks."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from checks.core.bounds import DETECTION_SLACK
from checks.core.place import Places, first_of
from checks.core.registry import judges
from checks.core.verdict import Violation
from checks.requirements.r7_healthchecks.onlookers import onlookers
from checks.requirements.r7_healthchecks.probe_command import blindness

RULES = {
    "frozen": "red-when-broken",
    "hung": "red-when-broken",
    "credentials revoked": "red-without-credentials",
}
Fault = Literal["frozen", "hung", "credentials revoked"]
LONGEST_DETECTION = 300.0  # what Docker's own defaults come to is 180 s: 3 x (30 s + 30 s)
LONGEST_START = 3600.0  # in which failures do not count until it was healthy once


@dataclass(frozen=True, kw_only=True)
class Probe:
    """The health check of a service as the engine has it, with no password in it; empty where there is none.

    `passwords` names those that stand in it, if any do. `listens` says whether the service has a port for others,
    `bound_s` in how many seconds its settings have Docker find a failure, `start_s` how long it may take to start.
    """

    service: str
    test: tuple[str, ...]
    passwords: tuple[str, ...]
    listens: bool = False
    bound_s: float = 0.0
    start_s: float = 0.0


@dataclass(frozen=True, kw_only=True)
class Probes:
    """The health check of every service that is to go on running.

    `unseen` are those whose image may have one that no file tells of.
    """

    probes: tuple[Probe, ...]
    unseen: tuple[str, ...] = ()
    places: Places = field(default_factory=dict)


@judges(Probes)
def probe_violations(seen: Probes) -> list[Violation]:
    found = []
    without = [probe.service for probe in seen.probes if not probe.test and probe.service not in seen.unseen]
    if without or not seen.probes:
        perhaps = f" (the images of {', '.join(seen.unseen)} may have one)" if seen.unseen else ""
        found.append(
            Violation(
                "has-a-health-check",
                seen=f"none: {', '.join(without)}{perhaps}",
                wanted="every service",
                place=first_of(seen.places, without),
            )
        )
    blind = {probe.service: told for probe in seen.probes if (told := blindness(probe.test))}
    if vain := {service: told.why for service, told in blind.items() if told.how == "cannot-fail"}:
        place = first_of(seen.places, vain)
        found.append(Violation("check-can-fail", seen=vain, wanted="a status that tells", place=place))
    if deaf := {service: told.why for service, told in blind.items() if told.how == "hides-errors"}:
        place = first_of(seen.places, deaf)
        found.append(Violation("check-sees-errors", seen=deaf, wanted="a status that tells", place=place))
    if aside := {
        one.service: words for one in seen.probes if one.service not in blind and (words := _looks_aside(one))
    }:
        place = first_of(seen.places, aside)
        wanted = "a check that asks who listens"
        found.append(Violation("check-asks-the-service", seen=aside, wanted=wanted, place=place))
    slow = {one.service: one.bound_s for one in seen.probes if one.bound_s > LONGEST_DETECTION}
    starting = {one.service: one.start_s for one in seen.probes if one.start_s > LONGEST_START}
    if slow or starting:
        place = first_of(seen.places, [*slow, *starting])
        slow |= {f"{service} at its start": seconds for service, seconds in starting.items()}
        wanted = f"within {LONGEST_DETECTION:g} s, at a start within {LONGEST_START:g}"
        found.append(Violation("found-within-minutes", seen=slow, wanted=wanted, place=place))
    if open_to_see := {probe.service: list(probe.passwords) for probe in seen.probes if probe.passwords}:
        place = first_of(seen.places, open_to_see)
        found.append(Violation("no-password-in-probe", seen=open_to_see, wanted="none", place=place))
    return found


def _looks_aside(probe: Probe) -> str:
    """What the health check of a service that listens is made of, where none of that asks the service."""
    return ", ".join(onlookers(probe.test)) if probe.listens else ""


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
