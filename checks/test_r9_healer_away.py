"""R9: what falls sick while a healer is frozen whole is restarted all the same, and so is the healer."""

from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial

import pytest

from checks.core.evidence import Evidence
from checks.core.verdict import Violation, judges
from checks.faults import process
from checks.faults.process import DETECTION_SLACK
from checks.subject.profile import Role
from checks.test_r9_healing import (
    HEALED_SLACK,
    RECOVER_SECONDS,
    RESTART_SECONDS,
    STEPS,
    events_of,
    followed,
    settle,
    started_anew,
    starts_beside,
)
from stack.driver.errors import StackError
from stack.driver.project import Stack


@dataclass(frozen=True, kw_only=True)
class WhileAway:
    """What became of a service that was frozen together with a healer of its stack.

    `phases` are as in `Healing`. `bound_s` is what the health checks' own settings and the stop times of both declare,
    one after the other. `healer_back` tells whether the healer was restarted as well, `others` who else was.
    """

    service: str
    healer: str
    phases: Mapping[str, float]
    bound_s: float
    healer_back: bool
    others: tuple[str, ...]
    bounded: tuple[str, ...] = tuple(STEPS)  # what the bound is for: the report's pictures want to know


@judges(WhileAway)
def while_away_violations(seen: WhileAway) -> list[Violation]:
    rule, told = "nothing-missed", f"{seen.service} while `{seen.healer}` was frozen"
    found, took = [], sum(seen.phases.values())
    if missing := [phase for phase in STEPS if phase not in seen.phases]:
        found.append(Violation(rule, seen=f"{told}: no {missing[0]}", wanted="healthy again"))
    elif took > seen.bound_s + HEALED_SLACK:
        found.append(Violation(rule, seen=f"{told}: after {took:.1f} s", wanted=seen.bound_s))
    if not seen.healer_back:
        found.append(Violation(rule, seen=f"{seen.healer}: not restarted", wanted=f"{seen.healer}: restarted too"))
    if seen.others:
        found.append(Violation("others-left-alone", seen=f"restarted: {', '.join(seen.others)}", wanted="left alone"))
    return found


def hurt_while_away(stack: Stack, service: str, healer: str) -> WhileAway:
    """Freeze a healer, its health check with it, and a service; follow the engine's events until both are well."""
    stack.wait_until_healthy()
    starts = starts_beside(stack, service)
    with stack.news("health_status", "start") as news, ExitStack() as frozen:
        since = {healer: frozen.enter_context(process.frozen_whole(stack, healer))}
        since[service] = frozen.enter_context(process.frozen(stack, service))
        seen = {
            name: followed(partial(events_of, name, news), at, STEPS, _patience(stack, name))
            for name, at in since.items()
        }
        if all(len(one) == len(STEPS) for one in seen.values()):
            settle(stack)  # dependents may still be judged by what the frozen one did to them
    anew = {name for name, was_restarted in started_anew(stack, starts).items() if was_restarted}
    return WhileAway(
        service=service,
        healer=healer,
        phases=seen[service],
        bound_s=sum(map(stack.healed_bound, since)),
        healer_back=len(seen[healer]) == len(STEPS),
        others=tuple(sorted(anew - {healer})),
    )


def _patience(stack: Stack, service: str) -> tuple[float, ...]:
    probe = stack.first_probe_bound(service)
    return stack.detection_bound(service) + DETECTION_SLACK, RESTART_SECONDS, probe + RECOVER_SECONDS


def healers(stack: Stack) -> tuple[str, ...]:
    """The services that can ask the engine for a restart, Prometheus aside; raises StackError where there is none."""
    found = tuple(name for name in stack.with_the_engine() if name != stack.roles[Role.PROMETHEUS])
    if not found:
        raise StackError("no service of the stack has the engine's socket, so that no healer of it can be frozen")
    return found


@pytest.mark.requirement("R9")
@pytest.mark.long
def test_nothing_is_missed_while_a_healer_is_frozen(stack: Stack, evidence: Evidence) -> None:
    service = stack.roles[Role.PROMETHEUS]
    seen = [evidence.saw(hurt_while_away(stack, service, healer)) for healer in healers(stack)]
    assert [violation for one in seen for violation in while_away_violations(one)] == []
