"""Stop, pause or stall a service, freeze what it depends on, and see that nobody restarts it."""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from datetime import datetime
from functools import partial

from checks.faults import operator, process
from checks.faults.operator import needs
from checks.requirements.r9_self_healing.judge.healing import RED
from checks.requirements.r9_self_healing.judge.left_alone import LeftAlone, LeftTo
from checks.requirements.r9_self_healing.observe.healing import settle
from checks.subject.stack import Stack
from stack.driver import wait
from stack.driver.containers import Incarnation

EAGER_SECONDS = 3.0  # beyond Docker's own verdict: whoever acts on it, or before it, has acted by then
POLL_SECONDS = 6.0  # for whoever looks now and then at who runs: a stop needs no verdict
LEFT: Mapping[LeftTo, Callable[[Stack, str], AbstractContextManager[datetime]]] = {
    "stopped": operator.stopped_by_hand,
    "paused": operator.paused,
    "stall-1.5s": partial(process.stalled, seconds=1.5),
    "stall-3s": partial(process.stalled, seconds=3.0),
    "dependency-frozen": operator.dependency_frozen,
}


def leave(stack: Stack, service: str, fault: LeftTo) -> LeftAlone:
    """Do this to a service, watch for as long as a healer would need, put it back, and see who was restarted."""
    stack.runner.wait_until_healthy()
    starts = {name: stack.runner.incarnation(name) for name in stack.project.services}
    watched = _long_enough(stack, service, fault)
    with stack.runner.events(None, "health_status") as news:
        with LEFT[fault](stack, service) as since:
            wait.pause(watched)
            status = stack.runner.state(service).status
            restarted = _restarted(stack, starts)
        settle(stack)
    if fault != "stopped":  # whose end is a start
        restarted = _restarted(stack, starts)
    return LeftAlone(
        service=service,
        fault=fault,
        watched_s=watched,
        status=status,
        unhealthy=tuple(sorted({one.service for one in news if one.action == RED and one.at >= since})),
        restarted=restarted,
    )


def _long_enough(stack: Stack, service: str, fault: LeftTo) -> float:
    """Seconds for whoever would restart the service, or one that depends on it."""
    dependents = [name for name in stack.project.services if service in needs(stack, name)]
    verdicts = [stack.runner.health_check(name).detection_bound for name in dependents]
    if fault == "stopped":
        return max([POLL_SECONDS, *verdicts])
    return max([stack.runner.health_check(service).detection_bound, *verdicts]) + EAGER_SECONDS


def _restarted(stack: Stack, starts: Mapping[str, Incarnation]) -> tuple[str, ...]:
    return tuple(name for name, start in starts.items() if stack.runner.incarnation(name) != start)
