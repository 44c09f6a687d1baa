"""Make a service sick or end it, and follow what the engine reports until all is settled."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from datetime import datetime

from checks.core.bounds import DETECTION_SLACK, POLICY_SECONDS, RECOVER_SECONDS, RESTART_SECONDS, SETTLING_SECONDS
from checks.faults import container, process
from checks.requirements.r9_self_healing.judge.healing import (
    EXIT_STEPS,
    MAY_GO_UNNOTICED,
    OR_EXIT_STEPS,
    RED,
    STEPS,
    Comeback,
    Events,
    Exit,
    Healing,
    Sickness,
    Steps,
    exit_code,
    phases,
)
from checks.subject.stack import Stack
from stack.driver import wait
from stack.driver.containers import Incarnation, restart_policy_of
from stack.driver.errors import OutOfTimeError
from stack.driver.events import Event

TOLD_SECONDS = 10.0  # for the engine to report an exit that was seen
SICKNESSES: Mapping[Sickness, Callable[[Stack, str], AbstractContextManager[datetime]]] = {
    "frozen": process.frozen,
    "frozen-whole": container.frozen_whole,
    "hang": container.hung,
    "no-pids": container.without_pids,
    "no-files": container.without_files,
    "cut-off": container.cut_off,
    "no-probe": container.without_probe,
}
EXITS: Mapping[Exit, Callable[[Stack, str], datetime]] = {
    "clean-exit": process.ended,
    "crash": process.killed,
    "oom-kill": process.out_of_memory,
    "crash-at-start": process.crashing_at_start,
}
IN_A_ROW = {"crash-at-start": process.CRASHES}
Starts = Mapping[str, Incarnation]


def sicken(stack: Stack, service: str, fault: Sickness) -> Healing:
    """Make a service sick and follow the engine's events until it is healthy again."""
    stack.runner.wait_until_healthy()
    bound = stack.runner.health_check(service).detection_bound
    steps = OR_EXIT_STEPS if fault in MAY_GO_UNNOTICED else STEPS
    patience = (
        bound + DETECTION_SLACK,
        RESTART_SECONDS,
        stack.runner.health_check(service).first_probe_bound + RECOVER_SECONDS,
    )
    starts = starts_beside(stack, service)
    with stack.runner.events(None, "health_status", "start", "die") as news:
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
        healed_bound_s=healed_bound(stack, service),
        others={name: anew and name not in excused for name, anew in started_anew(stack, starts).items()},
    )


def healed_bound(stack: Stack, service: str) -> float:
    """Seconds from a fault to healthy, by the subject's own settings: to be found, to stop, to pass a first probe.

    How long the service itself takes to start is not declared anywhere, and not in it.
    """
    check = stack.runner.health_check(service)
    return check.detection_bound + stack.runner.stop_grace(service) + check.first_probe_bound


def starts_beside(stack: Stack, service: str) -> Starts:
    """Which run every other service is in."""
    return {name: stack.runner.incarnation(name) for name in stack.runner.status() if name != service}


def started_anew(stack: Stack, starts: Starts) -> dict[str, bool]:
    return {name: stack.runner.incarnation(name) != start for name, start in starts.items()}


def settle(stack: Stack) -> None:
    """Give every service a while to be well."""
    wait.until(stack.runner.unhealthy, lambda unwell: not unwell, within=SETTLING_SECONDS, every=0.5)


def events_of(service: str, news: Sequence[Event]) -> Events:
    """What was reported of one service."""
    return [(one.at, one.action) for one in news if one.service == service]


def end(stack: Stack, service: str, fault: Exit) -> Comeback:
    """Have the main process of a service end in this way, and follow the engine's events until it is healthy again."""
    stack.runner.wait_until_healthy()
    starts = starts_beside(stack, service)
    delay, probe = (
        restart_policy_of(stack.runner.container(service)).delay_bound(after=IN_A_ROW.get(fault, 0)),
        stack.runner.health_check(service).first_probe_bound,
    )
    with stack.runner.events(service, "die", "start", "health_status") as events, _brought_back(stack, service):
        since = EXITS[fault](stack, service)
        patience = (TOLD_SECONDS, delay + POLICY_SECONDS, probe + RECOVER_SECONDS)
        seen = followed(lambda: events_of(service, events), since, EXIT_STEPS, patience)
    if "exit" not in seen:
        raise OutOfTimeError(f"the engine did not report that `{service}` has ended")
    return Comeback(
        service=service,
        fault=fault,
        policy=restart_policy_of(stack.runner.container(service)).name,
        exit_code=exit_code(events_of(service, events), since),
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
        if stack.runner.state(service).status == "exited":
            stack.runner.start(service)
        stack.runner.wait_until_healthy()


def followed(
    events: Callable[[], Events], since: datetime, steps: Steps, patience: tuple[float, ...]
) -> dict[str, float]:
    """The phases as far as they came, given time for one after the other."""
    seen: dict[str, float] = {}
    for count, seconds in enumerate(patience, 1):
        seen = wait.until(lambda: phases(events(), since, steps), _has(count), within=seconds).value
        if len(seen) < count:
            break
    return seen


def _has(count: int) -> Callable[[dict[str, float]], bool]:
    return lambda seen: len(seen) >= count


def told_of(seen: Healing) -> str:
    """What a reader of the verdict should know of a fault that no health check noticed."""
    return f"{seen.service} ({seen.fault}): its health check passes all the same, so nothing is done about it"
