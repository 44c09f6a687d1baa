"""R9: all services are monitored by their health checks, and an unhealthy container is restarted."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

import pytest

from checks import faults
from checks.evidence import Evidence
from checks.verdict import Violation, judges
from stack import waiting
from stack.driver import Stack

DETECTION_SLACK = 5.0  # seconds that a verdict may come later than declared: starting a probe takes time as well
RESTART_SECONDS = 20.0  # enough for a healer that polls, and waits out a stop timeout
RECOVER_SECONDS = 20.0
SETTLING_SECONDS = 30.0
Events = list[tuple[datetime, str]]
STEPS = {"detect": "health_status: unhealthy", "restart": "start", "recover": "health_status: healthy"}


@dataclass(frozen=True, kw_only=True)
class Healing:
    """What became of a service whose main process was frozen, and of the others meanwhile.

    `phases` are seconds: from the freeze to Docker's verdict, to the new start, to healthy; one that was not reached is
    missing. `bound_s` is what the health check's own settings declare for the first. `others` tells for each other
    service, those that depend on it included, whether it was restarted meanwhile.
    """

    service: str
    phases: Mapping[str, float]
    bound_s: float
    others: Mapping[str, bool]


@judges(Healing)
def healing_violations(seen: Healing) -> list[Violation]:
    found = []
    rules = {"detect": "found-unhealthy", "restart": "restarted", "recover": "healthy-again"}
    missing = [rule for phase, rule in rules.items() if phase not in seen.phases]
    if seen.phases.get("detect", 0.0) > seen.bound_s + DETECTION_SLACK:
        found.append(Violation("found-unhealthy", seen=seen.phases["detect"], wanted=seen.bound_s))
    if missing:  # those after it could not be reached either
        found.append(Violation(missing[0], seen=f"{seen.service}: never", wanted=f"{seen.service}: within the bound"))
    restarted = [name for name, was_restarted in seen.others.items() if was_restarted]
    if restarted:
        found.append(Violation("others-left-alone", seen=f"restarted: {', '.join(restarted)}", wanted="left alone"))
    return found


def freeze(stack: Stack, service: str) -> Healing:
    """Freeze the main process of a service and follow the engine's events until it is healthy again."""
    stack.wait_until_healthy()
    bound = stack.detection_bound(service)
    starts = {name: stack.state(name).started_at for name in stack.services if name != service}
    with stack.events(service, "health_status", "start") as events, faults.frozen(stack, service) as frozen_at:
        seen = _followed(events, frozen_at, bound)
        if len(seen) == len(STEPS):  # dependents may still be judged by what the frozen one did to them
            waiting.first(stack.unwell, lambda unwell: not unwell, within=SETTLING_SECONDS)
    return Healing(
        service=service,
        phases=seen,
        bound_s=bound,
        others={name: stack.state(name).started_at != start for name, start in starts.items()},
    )


def _followed(events: Events, since: datetime, bound: float) -> dict[str, float]:
    """The phases as far as they came, given time for one after the other."""
    seen: dict[str, float] = {}
    for count, patience in enumerate((bound + DETECTION_SLACK, RESTART_SECONDS, RECOVER_SECONDS), 1):
        seen = waiting.first(lambda: phases(events, since), _has(count), within=patience).value
        if len(seen) < count:
            break
    return seen


def _has(count: int) -> Callable[[dict[str, float]], bool]:
    return lambda seen: len(seen) >= count


def phases(events: Events, since: datetime) -> dict[str, float]:
    """Seconds to the verdict, from there to the new start, from there to healthy, as far as it came."""
    found: dict[str, float] = {}
    steps = iter(STEPS.items())
    phase, awaited = next(steps)
    for at, action in events:
        if action == awaited and at >= since:
            found[phase] = round((at - since) / timedelta(seconds=1), 3)
            phase, awaited = next(steps, ("", ""))
            since = at
    return found


@pytest.mark.requirement("R9")
def test_every_frozen_service_is_restarted_and_no_other_is(stack: Stack, evidence: Evidence) -> None:
    seen = [evidence.saw(freeze(stack, name)) for name in stack.services]
    assert [violation for healing in seen for violation in healing_violations(healing)] == []
