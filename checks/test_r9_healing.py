"""R9: all services are monitored by their health checks, and an unhealthy container is restarted."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

import pytest

from checks.core.evidence import Evidence
from checks.core.verdict import Violation, judges
from checks.faults import process
from checks.faults.process import DETECTION_SLACK
from checks.subject.profile import Role
from stack.driver import wait
from stack.driver.errors import StackError
from stack.driver.project import News, Stack

RESTART_SECONDS = 20.0  # enough for a healer that polls, and waits out a stop timeout
RECOVER_SECONDS = 20.0  # for the service itself to start, beside the time until its first probe
HEALED_SLACK = DETECTION_SLACK + RECOVER_SECONDS
POLICY_SECONDS = 8.0  # for the engine to act on a restart policy, beside the delay that it keeps
COMEBACK_SLACK = POLICY_SECONDS + RECOVER_SECONDS
SETTLING_SECONDS = 30.0
TOLD_SECONDS = 10.0  # for the engine to report an exit that was seen
Events = list[tuple[datetime, str]]
Starts = Mapping[str, datetime | None]
Steps = Mapping[str, str | tuple[str, ...]]
RED = "health_status: unhealthy"
STEPS: Steps = {"detect": RED, "restart": "start", "recover": "health_status: healthy"}
OR_EXIT_STEPS: Steps = {**STEPS, "detect": (RED, "die: ")}
EXIT_STEPS: Steps = {"exit": "die: ", "restart": "start", "recover": "health_status: healthy"}
WITHOUT_FAIL = {"always", "unless-stopped"}  # the policies that ask for no failure
Sickness = Literal["frozen", "frozen-whole", "hang", "no-pids", "no-files", "cut-off", "no-probe"]
Exit = Literal["clean-exit", "crash", "oom-kill", "crash-at-start"]
SICKNESSES: Mapping[Sickness, Callable[[Stack, str], AbstractContextManager[datetime]]] = {
    "frozen": process.frozen,
    "frozen-whole": process.frozen_whole,
    "hang": process.hung,
    "no-pids": process.without_pids,
    "no-files": process.without_files,
    "cut-off": process.cut_off,
    "no-probe": process.without_probe,
}
# A health check that asks through the loopback, or has a program of one process, passes all the same, and may be right:
# the service goes on doing what it is asked. And what runs short may end by itself, before any health check fails.
MAY_GO_UNNOTICED = frozenset[Sickness]({"no-pids", "no-files", "cut-off"})
EXITS: Mapping[Exit, Callable[[Stack, str], datetime]] = {
    "clean-exit": process.ended,
    "crash": process.killed,
    "oom-kill": process.out_of_memory,
    "crash-at-start": process.crashing_at_start,
}
IN_A_ROW = {"crash-at-start": process.CRASHES}
ONCE: tuple[Exit, ...] = ("clean-exit", "crash", "oom-kill")
SAMPLE: tuple[tuple[Role, Sickness], ...] = (  # `nox -s healing` has every fault on every service
    (Role.PROMETHEUS, "frozen-whole"),
    (Role.REDIS, "hang"),
    (Role.REDIS, "no-pids"),
    (Role.API, "no-files"),
    (Role.API, "cut-off"),
    (Role.PROMETHEUS, "no-probe"),
)
EVERY_OTHER = "prometheus and every other service"
CASES = (Role.API, Role.REDIS, EVERY_OTHER)


@dataclass(frozen=True, kw_only=True)
class Healing:
    """What became of a service that was made sick, and of the others meanwhile.

    `phases` are seconds: from the fault to Docker's verdict, to the new start, to healthy; one that was not reached is
    missing. `bound_s` is what the health check's own settings declare for the first, `healed_bound_s` what they and the
    stop time declare for all three. `others` tells for each other service, those that depend on it included, whether it
    was restarted meanwhile; where Docker noticed nothing, one that Docker found unhealthy counts as left alone.
    """

    service: str
    fault: Sickness
    phases: Mapping[str, float]
    bound_s: float
    healed_bound_s: float
    others: Mapping[str, bool]

    @property
    def unnoticed(self) -> bool:
        """Whether it is one of those that no health check needs to notice, and none did."""
        return self.fault in MAY_GO_UNNOTICED and not self.phases


@judges(Healing)
def healing_violations(seen: Healing) -> list[Violation]:
    found, told = [], f"{seen.service} ({seen.fault})"
    rules = {"detect": "found-unhealthy", "restart": "restarted", "recover": "healthy-again"}
    missing = [rule for phase, rule in rules.items() if phase not in seen.phases]
    if late := seen.phases.get("detect", 0.0) > seen.bound_s + DETECTION_SLACK:
        found.append(Violation("found-unhealthy", seen=seen.phases["detect"], wanted=seen.bound_s))
    if missing and not seen.unnoticed:  # those after it could not be reached either
        found.append(Violation(missing[0], seen=f"{told}: never", wanted=f"{told}: within the bound"))
    if not missing and not late and (took := sum(seen.phases.values())) > seen.healed_bound_s + HEALED_SLACK:
        found.append(Violation("healthy-again", seen=f"{told}: after {took:.1f} s", wanted=seen.healed_bound_s))
    return found + _restarted(seen.others)


@dataclass(frozen=True, kw_only=True)
class Comeback:
    """What became of a service whose main process ended.

    `phases` are seconds: from the (last) exit to the new start, to healthy; one that was not reached is missing.
    `bound_s` is what the restart policy's delay and the first probe may take of them together. `others` tells for each
    other service whether it was restarted meanwhile.
    """

    service: str
    fault: Exit
    policy: str
    exit_code: int
    phases: Mapping[str, float]
    bound_s: float
    others: Mapping[str, bool]
    bounded: tuple[str, ...] = ("restart", "recover")  # what the bound is for: the report's pictures want to know


@judges(Comeback)
def comeback_violations(seen: Comeback) -> list[Violation]:
    return [*_not_back(seen), *_restarted(seen.others)]


def _not_back(seen: Comeback) -> list[Violation]:
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


def _restarted(others: Mapping[str, bool]) -> list[Violation]:
    if restarted := [name for name, was_restarted in others.items() if was_restarted]:
        return [Violation("others-left-alone", seen=f"restarted: {', '.join(restarted)}", wanted="left alone")]
    return []


def hurt(stack: Stack, service: str, fault: Sickness) -> Healing:
    """Make a service sick and follow the engine's events until it is healthy again."""
    stack.wait_until_healthy()
    bound = stack.detection_bound(service)
    steps = OR_EXIT_STEPS if fault in MAY_GO_UNNOTICED else STEPS
    patience = (bound + DETECTION_SLACK, RESTART_SECONDS, stack.first_probe_bound(service) + RECOVER_SECONDS)
    starts = starts_beside(stack, service)
    with stack.news("health_status", "start", "die") as news:
        with SICKNESSES[fault](stack, service) as since:
            seen = followed(lambda: events_of(service, news), since, steps, patience)
            if len(seen) == len(steps):  # dependents may still be judged by what the sick one did to them
                settle(stack)
        if len(seen) < len(steps):  # now that it is put back
            settle(stack)
        found = {one.service for one in news if one.action == RED and one.at >= since}
    excused = found if not seen and fault in MAY_GO_UNNOTICED else set()
    return Healing(
        service=service,
        fault=fault,
        phases=seen,
        bound_s=bound,
        healed_bound_s=stack.healed_bound(service),
        others={name: anew and name not in excused for name, anew in started_anew(stack, starts).items()},
    )


def starts_beside(stack: Stack, service: str) -> Starts:
    return {name: stack.state(name).started_at for name in stack.services if name != service}


def started_anew(stack: Stack, starts: Starts) -> dict[str, bool]:
    return {name: stack.state(name).started_at != start for name, start in starts.items()}


def settle(stack: Stack) -> None:
    """Give every service a while to be well."""
    wait.first(stack.unwell, lambda unwell: not unwell, within=SETTLING_SECONDS, every=0.5)


def events_of(service: str, news: Sequence[News]) -> Events:
    """What was reported of one service."""
    return [(one.at, one.action) for one in news if one.service == service]


def end(stack: Stack, service: str, fault: Exit) -> Comeback:
    """Have the main process of a service end in this way, and follow the engine's events until it is healthy again."""
    stack.wait_until_healthy()
    starts = starts_beside(stack, service)
    delay, probe = stack.restart_delay_bound(service, after=IN_A_ROW.get(fault, 0)), stack.first_probe_bound(service)
    with stack.events(service, "die", "start", "health_status") as events, _brought_back(stack, service):
        since = EXITS[fault](stack, service)
        patience = (TOLD_SECONDS, delay + POLICY_SECONDS, probe + RECOVER_SECONDS)
        seen = followed(lambda: events, since, EXIT_STEPS, patience)
    if "exit" not in seen:
        raise StackError(f"the engine did not report that `{service}` has ended")
    return Comeback(
        service=service,
        fault=fault,
        policy=stack.restart_policy(service),
        exit_code=exit_code(events, since),
        phases={name: seconds for name, seconds in seen.items() if name != "exit"},
        bound_s=delay + probe,
        others=started_anew(stack, starts),
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


def followed(
    events: Callable[[], Events], since: datetime, steps: Steps, patience: tuple[float, ...]
) -> dict[str, float]:
    """The phases as far as they came, given time for one after the other."""
    seen: dict[str, float] = {}
    for count, seconds in enumerate(patience, 1):
        seen = wait.first(lambda: phases(events(), since, steps), _has(count), within=seconds).value
        if len(seen) < count:
            break
    return seen


def _has(count: int) -> Callable[[dict[str, float]], bool]:
    return lambda seen: len(seen) >= count


def phases(events: Events, since: datetime, steps: Steps) -> dict[str, float]:
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


def told_of(seen: Healing) -> str:
    """What a reader of the verdict should know of a fault that no health check noticed."""
    return f"{seen.service} ({seen.fault}): its health check passes all the same, so nothing is done about it"


@pytest.mark.parametrize("case", CASES)
@pytest.mark.requirement("R9")
@pytest.mark.long
def test_a_frozen_service_is_restarted_and_no_other_is(stack: Stack, evidence: Evidence, case: str) -> None:
    seen = [evidence.saw(hurt(stack, name, "frozen")) for name in services_of(stack, case)]
    assert [violation for healing in seen for violation in healing_violations(healing)] == []


@pytest.mark.parametrize(("role", "fault"), SAMPLE)
@pytest.mark.requirement("R9")
@pytest.mark.long
def test_a_service_that_is_sick_in_another_way_is_restarted_and_no_other_is(
    stack: Stack, evidence: Evidence, role: Role, fault: Sickness
) -> None:
    seen = evidence.saw(hurt(stack, stack.roles[role], fault))
    if seen.unnoticed:
        evidence.note(told_of(seen))
    assert healing_violations(seen) == []


@pytest.mark.parametrize("case", CASES)
@pytest.mark.requirement("R9")
@pytest.mark.long
def test_a_service_that_ends_comes_back_by_itself(stack: Stack, evidence: Evidence, case: str) -> None:
    seen = [evidence.saw(end(stack, name, fault)) for name in services_of(stack, case) for fault in ONCE]
    assert [violation for comeback in seen for violation in comeback_violations(comeback)] == []


@pytest.mark.requirement("R9")
def test_a_service_that_crashes_at_its_starts_comes_back_by_itself(stack: Stack, evidence: Evidence) -> None:
    seen = evidence.saw(end(stack, stack.roles[Role.API], "crash-at-start"))
    assert comeback_violations(seen) == []
