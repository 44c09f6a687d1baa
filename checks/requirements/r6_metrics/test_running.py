"""R6 on a stack that runs."""

import pytest

from checks.core.evidence import Evidence
from checks.requirements.r6_metrics.count import count_requests
from checks.requirements.r6_metrics.judge import (
    configuration_violations,
    counted_violations,
    rhythm_violations,
    target_violations,
)
from checks.requirements.r6_metrics.observe import check_configuration, look_at_rhythm, look_at_targets
from checks.subject.stack import Stack


@pytest.mark.check
def test_the_target_is_up(stack: Stack, evidence: Evidence) -> None:
    assert target_violations(evidence.saw(look_at_targets(stack))) == []


@pytest.mark.check
def test_the_request_counter_rises_by_exactly_as_many_requests(stack: Stack, evidence: Evidence) -> None:
    seen = [evidence.saw(one) for one in count_requests(stack)]
    assert [violation for one in seen for violation in counted_violations(one)] == []


@pytest.mark.check
def test_promtool_finds_nothing_to_complain_of(stack: Stack, evidence: Evidence) -> None:
    assert configuration_violations(evidence.saw(check_configuration(stack))) == []


@pytest.mark.check
def test_the_scrape_interval_is_honoured(stack: Stack, evidence: Evidence) -> None:
    assert rhythm_violations(evidence.saw(look_at_rhythm(stack))) == []
