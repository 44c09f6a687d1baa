"""Restart an engine of our own with the stack on it; or read the restart policies."""

from contextlib import suppress
from time import monotonic

from checks.faults.dind import Nested
from checks.requirements.r9_self_healing.judge.engine_restart import EngineRestart, Policies
from checks.subject.stack import Stack
from stack.driver.containers import incarnation_of, restart_policy_of, state_of
from stack.driver.errors import NotHealthyError

BACK_SECONDS = 60.0


def restart_the_engine(stack: Stack, engine: Nested) -> EngineRestart:
    """Stop the engine and start it again, and wait for all of the stack."""
    before, began = {name: stack.runner.incarnation(name) for name in stack.project.services}, monotonic()
    engine.restart()
    phases = {"engine": round(monotonic() - began, 3)}
    began = monotonic()
    with suppress(NotHealthyError):
        stack.runner.wait_until_healthy(within=BACK_SECONDS)
        phases["recover"] = round(monotonic() - began, 3)
    after = {name: stack.runner.container(name) for name in stack.project.services}
    return EngineRestart(
        health={name: status.health for name, status in stack.runner.status().items()},
        anew={name: not state_of(one).well or incarnation_of(one) != before[name] for name, one in after.items()},
        phases=phases,
    )


def read_policies(stack: Stack) -> Policies:
    return Policies(of={name: restart_policy_of(stack.runner.container(name)).name for name in stack.project.services})
