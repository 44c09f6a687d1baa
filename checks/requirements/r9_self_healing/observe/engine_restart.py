"""Restart an engine of our own with the stack on it; or read the restart policies."""

from contextlib import suppress
from time import monotonic

from checks.faults.dind import Nested
from checks.requirements.r9_self_healing.judge.engine_restart import EngineRestart, Policies
from checks.subject.stack import Stack
from stack.driver.errors import NotHealthyError

BACK_SECONDS = 60.0


def restart_the_engine(stack: Stack, engine: Nested) -> EngineRestart:
    """Stop the engine and start it again, and wait for all of the stack."""
    before, began = {name: stack.state(name).started_at for name in stack.services}, monotonic()
    engine.restart()
    phases = {"engine": round(monotonic() - began, 3)}
    began = monotonic()
    with suppress(NotHealthyError):
        stack.wait_until_healthy(within=BACK_SECONDS)
        phases["recover"] = round(monotonic() - began, 3)
    after = {name: stack.state(name) for name in stack.services}
    return EngineRestart(
        health={name: glance.health for name, glance in stack.glance().items()},
        anew={name: not state.well or state.started_at != before[name] for name, state in after.items()},
        phases=phases,
    )


def read_policies(stack: Stack) -> Policies:
    return Policies(of={name: stack.restart_policy(name) for name in stack.services})
