"""R9: all services are monitored by their health checks, and an unhealthy container is restarted."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal

import pytest

from checks import faults
from checks.evidence import Evidence
from checks.faults import DETECTION_SLACK
from checks.verdict import Violation, judges
from stack import waiting
from stack.driver import Stack
from stack.errors import StackError
from stack.subject import Role

RESTART_SECONDS = 20.0  # enough for a healer that polls, and waits out a stop timeout
RECOVER_SECONDS = 20.0  # for the service itself to start, beside the time until its first probe
POLICY_SECONDS = 8.0  # for the engine to act on a restart policy, beside the delay that it keeps
COMEBACK_SLACK = POLICY_SECONDS + RECOVER_SECONDS
SETTLING_SECONDS = 30.0
TOLD_SECONDS = 10.0  # for the engine to report an exit that was seen
Events = list[tuple[datetime, str]]
STEPS = {"detect": "health_status: unhealthy", "restart": "start", "recover": "health_status: healthy"}
EXIT_STEPS = {"exit": "die: ", "restart": "start", "recover": "health_status: healthy"}
WITHOUT_FAIL = {"always", "unless-stopped"}  # the policies that ask for no failure
Fault = Literal["clean-exit", "crash", "oom-kill"]
EXITS: Mapping[Fault, Callable[[Stack, str], None]] = {
    "clean-exit": faults.ended,
    "crash": faults.killed,
    "oom-kill": faults.out_of_memory,
}
EVERY_OTHER = "prometheus and every other service"
CASES = (Role.API, Role.REDIS, EVERY_OTHER)


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


@dataclass(frozen=True, kw_only=True)
class Comeback:
    """What became of a service whose main process ended.

    `phases` are seconds: from the exit to the new start, to healthy; one that was not reached is missing. `bound_s` is
    what the restart policy's delay and the first probe may take of them together.
    """

    service: str
    fault: Fault
    policy: str
    exit_code: int
    phases: Mapping[str, float]
    bound_s: float
    bounded: tuple[str, ...] = ("restart", "recover")  # what the bound is for: the report's pictures want to know


@judges(Comeback)
def comeback_violations(seen: Comeback) -> list[Violation]:
    rule, took = f"{seen.fault}-comes-back", sum(seen.phases.values())
    if missing := [phase for phase in ("restart", "recover") if phase not in seen.phases]:
        told = f"{seen.service} (restart: {seen.policy}): no {missing[0]}"
        return [Violation(rule, seen=told, wanted=f"{seen.service}: healthy again")]
    if took > seen.bound_s + COMEBACK_SLACK:
        return [Violation(rule, seen=f"{seen.service}: after {took:.1f} s", wanted=seen.bound_s)]
    if seen.fault == "clean-exit" and seen.exit_code != 0 and seen.policy not in WITHOUT_FAIL:
        told = f"{seen.service} (restart: {seen.policy}): back from exit code {seen.exit_code}"
        return [Violation(rule, seen=told, wanted="back from exit code 0 as well")]
    return []


def freeze(stack: Stack, service: str) -> Healing:
    """Freeze the main process of a service and follow the engine's events until it is healthy again."""
    stack.wait_until_healthy()
    bound = stack.detection_bound(service)
    starts = {name: stack.state(name).started_at for name in stack.services if name != service}
    with stack.events(service, "health_status", "start") as events, faults.frozen(stack, service) as frozen_at:
        recover = stack.first_probe_bound(service) + RECOVER_SECONDS
        seen = _followed(events, frozen_at, STEPS, (bound + DETECTION_SLACK, RESTART_SECONDS, recover))
        if len(seen) == len(STEPS):  # dependents may still be judged by what the frozen one did to them
            waiting.first(stack.unwell, lambda unwell: not unwell, within=SETTLING_SECONDS, every=0.5)
    return Healing(
        service=service,
        phases=seen,
        bound_s=bound,
        others={name: stack.state(name).started_at != start for name, start in starts.items()},
    )


def end(stack: Stack, service: str, fault: Fault) -> Comeback:
    """Have the main process of a service end in this way, and follow the engine's events until it is healthy again."""
    stack.wait_until_healthy()
    delay, probe = stack.restart_delay_bound(service), stack.first_probe_bound(service)
    with stack.events(service, "die", "start", "health_status") as events, _brought_back(stack, service):
        since = datetime.now(UTC)
        EXITS[fault](stack, service)
        patience = (TOLD_SECONDS, delay + POLICY_SECONDS, probe + RECOVER_SECONDS)
        seen = _followed(events, since, EXIT_STEPS, patience)
    if "exit" not in seen:
        raise StackError(f"the engine did not report that `{service}` has ended")
    return Comeback(
        service=service,
        fault=fault,
        policy=stack.restart_policy(service),
        exit_code=exit_code(events, since),
        phases={name: seconds for name, seconds in seen.items() if name != "exit"},
        bound_s=delay + probe,
    )


@contextmanager
def _brought_back(stack: Stack, service: str) -> Iterator[None]:
    """What did not come back by itself is started by hand."""
    try:
        yield
    finally:
        if stack.state(service).status == "exited":
            stack.start(service)
        stack.wait_until_healthy()


def services_of(stack: Stack, case: str) -> tuple[str, ...]:
    """The services that a case is about: the cases together leave none out, and none of them is empty."""
    api, redis = stack.roles[Role.API], stack.roles[Role.REDIS]
    match case:
        case Role.API:
            return (api,)
        case Role.REDIS:
            return (redis,)
        case _:
            return tuple(name for name in stack.services if name not in {api, redis})


def _followed(
    events: Events, since: datetime, steps: Mapping[str, str], patience: tuple[float, ...]
) -> dict[str, float]:
    """The phases as far as they came, given time for one after the other."""
    seen: dict[str, float] = {}
    for count, seconds in enumerate(patience, 1):
        seen = waiting.first(lambda: phases(events, since, steps), _has(count), within=seconds).value
        if len(seen) < count:
            break
    return seen


def _has(count: int) -> Callable[[dict[str, float]], bool]:
    return lambda seen: len(seen) >= count


def phases(events: Events, since: datetime, steps: Mapping[str, str]) -> dict[str, float]:
    """Seconds to the first step, from there to the next, and so on, as far as it came."""
    found: dict[str, float] = {}
    left = list(steps.items())
    for at, action in events:
        if left and action.startswith(left[0][1]) and at >= since:
            found[left.pop(0)[0]] = round((at - since) / timedelta(seconds=1), 3)
            since = at
    return found


def exit_code(events: Events, since: datetime) -> int:
    """What the main process ended with: the engine's 'die: 137'."""
    return next(int(action.removeprefix("die: ")) for at, action in events if at >= since and action.startswith("die"))


@pytest.mark.parametrize("case", CASES)
@pytest.mark.requirement("R9")
@pytest.mark.long
def test_a_frozen_service_is_restarted_and_no_other_is(stack: Stack, evidence: Evidence, case: str) -> None:
    seen = [evidence.saw(freeze(stack, name)) for name in services_of(stack, case)]
    assert [violation for healing in seen for violation in healing_violations(healing)] == []


@pytest.mark.parametrize("case", CASES)
@pytest.mark.requirement("R9")
@pytest.mark.long
def test_a_service_that_ends_comes_back_by_itself(stack: Stack, evidence: Evidence, case: str) -> None:
    seen = [evidence.saw(end(stack, name, fault)) for name in services_of(stack, case) for fault in EXITS]
    assert [violation for comeback in seen for violation in comeback_violations(comeback)] == []
