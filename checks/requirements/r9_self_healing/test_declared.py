"""R9 by its files alone."""

import pytest

from checks.core.evidence import Evidence
from checks.requirements.r9_self_healing.judge.engine_restart import policy_violations
from checks.requirements.r9_self_healing.judge.healing_bound import bound_violations
from checks.requirements.r9_self_healing.judge.swarm import restarting_violations, update_violations
from checks.requirements.r9_self_healing.observe.declared import read_declared_bounds, read_declared_policies
from checks.requirements.r9_self_healing.observe.swarm import read_restarting, read_updates
from checks.subject.stack import Files


@pytest.mark.check(runner="compose")
def test_docker_starts_every_service_with_the_engine(files: Files, evidence: Evidence) -> None:
    assert policy_violations(evidence.saw(read_declared_policies(files))) == []


@pytest.mark.check
def test_every_service_is_to_be_healed_within_minutes(files: Files, evidence: Evidence) -> None:
    assert bound_violations(evidence.saw(read_declared_bounds(files))) == []


@pytest.mark.check(runner="swarm")
def test_swarm_replaces_every_task_that_ends(files: Files, evidence: Evidence) -> None:
    assert restarting_violations(evidence.saw(read_restarting(files))) == []


@pytest.mark.check(runner="swarm")
def test_an_update_interrupts_nobody(files: Files, evidence: Evidence) -> None:
    assert update_violations(evidence.saw(read_updates(files))) == []
