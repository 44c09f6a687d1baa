"""R9 on a stack that is broken and restarted."""

import pytest

from checks.core.evidence import Evidence
from checks.faults.operator import needs
from checks.harness.fixtures import OnAnotherEngine
from checks.requirements.r9_self_healing.judge.engine_restart import engine_restart_violations, policy_violations
from checks.requirements.r9_self_healing.judge.healer_away import while_away_violations
from checks.requirements.r9_self_healing.judge.healing import Exit, Sickness, comeback_violations, healing_violations
from checks.requirements.r9_self_healing.judge.left_alone import LeftTo, left_alone_violations
from checks.requirements.r9_self_healing.observe.cases import CASES, HEALERS, healers, services_of
from checks.requirements.r9_self_healing.observe.engine_restart import read_policies, restart_the_engine
from checks.requirements.r9_self_healing.observe.healer_away import hurt_while_away
from checks.requirements.r9_self_healing.observe.healing import end, sicken, told_of
from checks.requirements.r9_self_healing.observe.left_alone import leave
from checks.subject.roles import Role
from checks.subject.stack import Stack
from stack.driver.errors import NotPrivilegedError


@pytest.mark.check
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


@pytest.mark.check
@pytest.mark.long
def test_nothing_is_missed_while_a_healer_is_frozen(stack: Stack, evidence: Evidence) -> None:
    service = stack.playing_or_api(Role.PROMETHEUS)
    seen = [hurt_while_away(stack, service, healer) for healer in healers(stack)]
    found = [while_away_violations(evidence.saw(away)) for away, _ in seen]
    found += [healing_violations(evidence.saw(healing)) for _, healing in seen]
    assert [violation for violations in found for violation in violations] == []


ONCE: tuple[Exit, ...] = ("clean-exit", "crash", "oom-kill")
SAMPLE: tuple[tuple[Role, Sickness], ...] = (  # `nox -s healing` has every fault on every service
    (Role.PROMETHEUS, "frozen-whole"),
    (Role.REDIS, "hang"),
    (Role.REDIS, "no-pids"),
    (Role.API, "no-files"),
    (Role.API, "cut-off"),
    (Role.PROMETHEUS, "no-probe"),
)


@pytest.mark.parametrize(
    "case", [case for case in CASES if case != HEALERS]
)  # frozen above, with a service beside them
@pytest.mark.check
@pytest.mark.long
def test_a_frozen_service_is_restarted_and_no_other_is(stack: Stack, evidence: Evidence, case: str) -> None:
    seen = [evidence.saw(sicken(stack, name, "frozen")) for name in services_of(stack, case)]
    assert [violation for healing in seen for violation in healing_violations(healing)] == []


@pytest.mark.parametrize(("role", "fault"), SAMPLE)
@pytest.mark.check
@pytest.mark.long
def test_a_service_sick_in_another_way_is_restarted_alone(
    stack: Stack, evidence: Evidence, role: Role, fault: Sickness
) -> None:
    seen = evidence.saw(sicken(stack, stack.playing_or_api(role), fault))
    if seen.unnoticed:
        evidence.note(told_of(seen))
    assert healing_violations(seen) == []


@pytest.mark.parametrize("case", CASES)
@pytest.mark.check
@pytest.mark.long
def test_a_service_that_ends_comes_back_by_itself(stack: Stack, evidence: Evidence, case: str) -> None:
    seen = [evidence.saw(end(stack, name, fault)) for name in services_of(stack, case) for fault in ONCE]
    assert [violation for comeback in seen for violation in comeback_violations(comeback)] == []


@pytest.mark.check
def test_a_service_that_crashes_at_starts_comes_back_by_itself(stack: Stack, evidence: Evidence) -> None:
    seen = evidence.saw(end(stack, stack.roles[Role.API], "crash-at-start"))
    assert comeback_violations(seen) == []


@pytest.mark.parametrize("fault", ["stopped", "paused", "stall-3s"])
@pytest.mark.check
@pytest.mark.long
def test_what_a_person_did_or_passes_by_itself_is_left_alone(stack: Stack, evidence: Evidence, fault: LeftTo) -> None:
    seen = evidence.saw(leave(stack, stack.playing_or_api(Role.PROMETHEUS), fault))
    assert left_alone_violations(seen) == []


@pytest.mark.check
@pytest.mark.long
def test_a_service_whose_dependency_is_frozen_is_not_restarted(stack: Stack, evidence: Evidence) -> None:
    seen = [
        evidence.saw(leave(stack, name, "dependency-frozen")) for name in stack.project.services if needs(stack, name)
    ]
    if silent := [one.service for one in seen if one.service not in one.unhealthy]:
        evidence.note(f"{', '.join(silent)}: healthy, says Docker, while what it depends on was frozen")
    assert [violation for one in seen for violation in left_alone_violations(one)] == []
