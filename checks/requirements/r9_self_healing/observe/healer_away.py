"""Freeze a healer, and a service beside it."""

from contextlib import ExitStack
from functools import partial

from checks.core.bounds import DETECTION_SLACK, RECOVER_SECONDS, RESTART_SECONDS
from checks.faults import container, process
from checks.requirements.r9_self_healing.judge.healer_away import WhileAway
from checks.requirements.r9_self_healing.judge.healing import STEPS, Healing
from checks.requirements.r9_self_healing.observe.healing import (
    events_of,
    followed,
    healed_bound,
    settle,
    started_anew,
    starts_beside,
)
from checks.subject.stack import Stack


def hurt_while_away(stack: Stack, service: str, healer: str) -> tuple[WhileAway, Healing]:
    """Freeze a healer, its health check with it, and a service; follow the engine's events until both are well.

    Gives what became of the service meanwhile, and of the healer itself: one fault, and two observations.
    """
    stack.runner.wait_until_healthy()
    bounds = {name: healed_bound(stack, name) for name in (healer, service)}
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
    others = {name: anew for name, anew in started_anew(stack, starts).items() if name != healer}
    away = WhileAway(
        service=service,
        healer=healer,
        phases=seen[service],
        bound_s=sum(bounds.values()),
        healer_back=len(seen[healer]) == len(STEPS),
        others=tuple(sorted(name for name, anew in others.items() if anew)),
    )
    return away, Healing(
        service=healer,
        fault="frozen-whole",
        phases=seen[healer],
        bound_s=stack.runner.health_check(healer).detection_bound,
        healed_bound_s=bounds[healer],
        others=others,
    )


def _patience(stack: Stack, service: str) -> tuple[float, ...]:
    probe = stack.runner.health_check(service).first_probe_bound
    return (
        stack.runner.health_check(service).detection_bound + DETECTION_SLACK,
        RESTART_SECONDS,
        probe + RECOVER_SECONDS,
    )
