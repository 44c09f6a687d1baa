"""R8 on a stack that runs."""

import pytest

from checks.core.evidence import Evidence
from checks.core.requirement import Reading
from checks.requirements.r8_health_endpoint.judge import (
    called_violations,
    load_violations,
    told_of_path,
    uncounted_violations,
)
from checks.requirements.r8_health_endpoint.observe import call_and_count, call_under_load, call_while
from checks.subject.stack import Stack


@pytest.mark.check
def test_it_answers_exactly_while_all_is_well(stack: Stack, evidence: Evidence) -> None:
    seen = evidence.saw(call_while(stack, "well", Reading.READINESS))
    if note := told_of_path(seen.path):
        evidence.note(note)
    assert called_violations(seen) == []


@pytest.mark.check
def test_it_answers_under_load(stack: Stack, evidence: Evidence) -> None:
    assert load_violations(evidence.saw(call_under_load(stack))) == []


@pytest.mark.check
def test_it_is_not_counted(stack: Stack, evidence: Evidence) -> None:
    assert uncounted_violations(evidence.saw(call_and_count(stack))) == []
