"""Freeze a healer, and a service beside it."""

from contextlib import ExitStack
from functools import partial

from checks.core.bounds import DETECTION_SLACK, RECOVER_SECONDS, RESTART_SECONDS
from checks.core.verdict import NotApplicableError
from checks.faults import container, process
from checks.requirements.r9_self_healing.judge.healer_away import WhileAway
from checks.requirements.r9_self_healing.judge.healing import STEPS
from checks.requirements.r9_self_healing.observe.healing import (
    events_of,
    followed,
    healed_bound,
    settle,
    started_anew,
    starts_beside,
)
from checks.subject.roles import HEALER, Role
from checks.subject.stack import Stack

FILTERS = "engine"  # of what is known to have the socket for others, or for itself


def hurt_while_away(stack: Stack, service: str, healer: str) -> WhileAway:
    """Freeze a healer, its health check with it, and a service; follow the engine's events until both are well."""
    stack.runner.wait_until_healthy()
    starts = starts_beside(stack, service)
    with stack.runner.events(None, "health_status", "start") as news, ExitStack() as frozen:
        since = {healer: frozen.enter_context(container.frozen_whole(stack, healer))}
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
        bound_s=sum(healed_bound(stack, name) for name in since),
        healer_back=len(seen[healer]) == len(STEPS),
        others=tuple(sorted(anew - {healer})),
    )


def _patience(stack: Stack, service: str) -> tuple[float, ...]:
    probe = stack.runner.health_check(service).first_probe_bound
    return (
        stack.runner.health_check(service).detection_bound + DETECTION_SLACK,
        RESTART_SECONDS,
        probe + RECOVER_SECONDS,
    )


def healers(stack: Stack) -> tuple[str, ...]:
    """The services that can ask the engine for a restart; raises NotApplicableError where there is none.

    They have its socket, or ask through who has it.
    Many have the engine's socket to look at containers, route to them or update them, and heal nobody: who is known for
    something else is no healer. What only hands on what others ask, a filter, has to be healed as well.
    """
    others = {*stack.candidates(Role.PROMETHEUS), *stack.candidates(Role.API)}
    having = [name for name in stack.project.mounting_a_socket() if name not in others]
    doors = [name for name in having if stack.kind_of(name) in ("", HEALER, FILTERS)]
    asking = [name for name in stack.project.asking_through(doors) if name not in others]
    found = tuple(name for name in (*asking, *having) if stack.kind_of(name) in ("", HEALER))
    if not found:
        told = f"; {', '.join(having)} has it for something else" if having else ""
        raise NotApplicableError(f"no healer of the stack has the engine's socket, so that none can be frozen{told}")
    return found
