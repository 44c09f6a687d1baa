"""R9: what a person did by hand is not undone, and nobody is restarted for what passes by itself."""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Literal

import pytest

from checks.core.evidence import Evidence
from checks.core.verdict import Violation, judges
from checks.faults import process
from checks.faults.process import needs
from checks.subject.profile import Role
from checks.test_r9_healing import RED, settle
from stack.driver import wait
from stack.driver.project import Stack

EAGER_SECONDS = 3.0  # beyond Docker's own verdict: whoever acts on it, or before it, has acted by then
POLL_SECONDS = 6.0  # for whoever looks now and then at who runs: a stop needs no verdict
LeftTo = Literal["stopped", "paused", "stall-1.5s", "stall-3s", "dependency-frozen"]
LEFT: Mapping[LeftTo, Callable[[Stack, str], AbstractContextManager[datetime]]] = {
    "stopped": process.stopped_by_hand,
    "paused": process.paused,
    "stall-1.5s": partial(process.stalled, seconds=1.5),
    "stall-3s": partial(process.stalled, seconds=3.0),
    "dependency-frozen": process.dependency_frozen,
}
STATUS: Mapping[LeftTo, str] = {"stopped": "exited", "paused": "paused"}  # what it is to stay; else it runs
RULES: Mapping[LeftTo, str] = {
    "stopped": "stop-left-alone",
    "paused": "pause-left-alone",
    "stall-1.5s": "stall-left-alone",
    "stall-3s": "stall-left-alone",
    "dependency-frozen": "dependent-left-alone",
}


@dataclass(frozen=True, kw_only=True)
class LeftAlone:
    """What became of a service that nobody is to restart, and of all others meanwhile.

    `watched_s` are seconds, from the fault on, or from the end of a stall; `status` is what Docker said of the service
    at their end. `unhealthy` names those that Docker found unhealthy, `restarted` those that were restarted until all
    was put back and well again, but for the start that ended a stop.
    """

    service: str
    fault: LeftTo
    watched_s: float
    status: str
    unhealthy: tuple[str, ...]
    restarted: tuple[str, ...]


@judges(LeftAlone)
def left_alone_violations(seen: LeftAlone) -> list[Violation]:
    rule, told = RULES[seen.fault], f"{seen.service} ({seen.fault})"
    if not seen.watched_s:  # nothing was tried, so nothing was proven
        return [Violation(rule, seen=f"{told}: not watched", wanted=f"{told}: watched, and left alone")]
    # A stall that is long enough for Docker's verdict is no stall to whoever acts on that verdict.
    excused = {seen.service} & set(seen.unhealthy) if seen.fault.startswith("stall") else set()
    if restarted := [name for name in seen.restarted if name not in excused]:
        return [Violation(rule, seen=f"{told}: restarted: {', '.join(restarted)}", wanted=f"{told}: none")]
    if seen.status != (wanted := STATUS.get(seen.fault, "running")):
        return [Violation(rule, seen=f"{told}: {seen.status}", wanted=f"{told}: {wanted}")]
    return []


def leave(stack: Stack, service: str, fault: LeftTo) -> LeftAlone:
    """Do this to a service, watch for as long as a healer would need, put it back, and see who was restarted."""
    stack.wait_until_healthy()
    starts = {name: stack.state(name).started_at for name in stack.services}
    watched = _long_enough(stack, service, fault)
    with stack.news("health_status") as news:
        with LEFT[fault](stack, service) as since:
            wait.pause(watched)
            status = stack.state(service).status
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
    dependents = [name for name in stack.services if service in needs(stack, name)]
    verdicts = [stack.detection_bound(name) for name in dependents]
    if fault == "stopped":
        return max([POLL_SECONDS, *verdicts])
    return max([stack.detection_bound(service), *verdicts]) + EAGER_SECONDS


def _restarted(stack: Stack, starts: Mapping[str, datetime | None]) -> tuple[str, ...]:
    return tuple(name for name, start in starts.items() if stack.state(name).started_at != start)


@pytest.mark.parametrize("fault", ["stopped", "paused", "stall-3s"])
@pytest.mark.requirement("R9")
@pytest.mark.long
def test_what_a_person_did_and_what_passes_by_itself_is_left_alone(
    stack: Stack, evidence: Evidence, fault: LeftTo
) -> None:
    seen = evidence.saw(leave(stack, stack.roles[Role.PROMETHEUS], fault))
    assert left_alone_violations(seen) == []


@pytest.mark.requirement("R9")
@pytest.mark.long
def test_a_service_whose_dependency_is_frozen_is_not_restarted(stack: Stack, evidence: Evidence) -> None:
    seen = [evidence.saw(leave(stack, name, "dependency-frozen")) for name in stack.services if needs(stack, name)]
    if silent := [one.service for one in seen if one.service not in one.unhealthy]:
        evidence.note(f"{', '.join(silent)}: healthy, says Docker, while what it depends on was frozen")
    assert [violation for one in seen for violation in left_alone_violations(one)] == []
