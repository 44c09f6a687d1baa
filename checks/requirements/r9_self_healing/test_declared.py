"""R9 by its files alone."""

import pytest

from checks.core.evidence import Evidence
from checks.requirements.r9_self_healing.judge.engine_restart import policy_violations
from checks.requirements.r9_self_healing.judge.healing_bound import bound_violations
from checks.requirements.r9_self_healing.observe.declared import read_declared_bounds, read_declared_policies
from checks.subject.stack import Files


@pytest.mark.check
def test_docker_starts_every_service_with_the_engine(files: Files, evidence: Evidence) -> None:
    assert policy_violations(evidence.saw(read_declared_policies(files))) == []


@pytest.mark.check
def test_every_service_is_to_be_healed_within_minutes(files: Files, evidence: Evidence) -> None:
    assert bound_violations(evidence.saw(read_declared_bounds(files))) == []
