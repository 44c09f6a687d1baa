"""R9: everything comes back by itself when the engine is restarted."""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from time import monotonic

import pytest

from checks.core.evidence import Evidence
from checks.core.verdict import Violation, judges
from checks.faults.dind import Nested
from checks.harness.fixtures import OnAnotherEngine
from stack.driver.errors import NotHealthyError, NotPrivilegedError
from stack.driver.project import Stack

RULE = "engine-restart-comes-back"
BACK_SECONDS = 60.0
STARTED_WITH_THE_ENGINE = {"always", "unless-stopped"}  # Docker documentation: restart policies


@dataclass(frozen=True, kw_only=True)
class EngineRestart:
    """How every service was after the engine was stopped and started, in the end, and whether it had started anew.

    `phases` are seconds: for the engine to go and come, and from there until all is healthy, which is missing if that
    did not come.
    """

    health: Mapping[str, str]
    anew: Mapping[str, bool]
    phases: Mapping[str, float]


@judges(EngineRestart)
def engine_restart_violations(seen: EngineRestart) -> list[Violation]:
    still = [name for name, anew in seen.anew.items() if not anew]
    if still or not seen.anew:  # nothing was tried, so nothing was proven
        return [Violation(RULE, seen=f"not started anew: {', '.join(still)}", wanted="every service stopped with it")]
    unwell = [f"{name}: {health}" for name, health in seen.health.items() if health != "healthy"]
    if unwell or "recover" not in seen.phases:
        return [Violation(RULE, seen=", ".join(unwell), wanted="every service healthy again by itself")]
    return []


@dataclass(frozen=True, kw_only=True)
class Policies:
    """The restart policy of each service, where no engine can be restarted."""

    of: Mapping[str, str]


@judges(Policies)
def policy_violations(seen: Policies) -> list[Violation]:
    away = {name: policy for name, policy in seen.of.items() if policy not in STARTED_WITH_THE_ENGINE}
    if away or not seen.of:
        return [Violation(RULE, seen=away, wanted="always or unless-stopped: what Docker starts with the engine")]
    return []


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


@pytest.mark.requirement("R9")
@pytest.mark.long
def test_everything_comes_back_after_an_engine_restart(
    stack: Stack, on_another_engine: OnAnotherEngine, evidence: Evidence
) -> None:
    try:
        found = on_another_engine()
    except NotPrivilegedError as refused:
        evidence.note(f"no engine was restarted ({'; '.join(refused.details)}): the restart policies are all there is")
        assert policy_violations(evidence.saw(read_policies(stack))) == []
        return
    assert engine_restart_violations(evidence.saw(restart_the_engine(*found))) == []
