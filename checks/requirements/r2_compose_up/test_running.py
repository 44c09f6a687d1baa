"""R2 on a stack that runs."""

import pytest

from checks.core.evidence import Evidence
from checks.harness.fixtures import Mutated, Starting
from checks.requirements.r2_compose_up.judge.compose_up import coming_violations, privilege_violations, reach_violations
from checks.requirements.r2_compose_up.observe import (
    come_up_from_nothing,
    did_not_come_up,
    inspect_privileges,
    knock_everywhere,
)
from checks.subject.mutation import nothing
from checks.subject.stack import Stack
from checks.subject.start import Starts


@pytest.mark.check
def test_all_comes_up_from_nothing(unstarted: Mutated, starts: Starts, starting: Starting, evidence: Evidence) -> None:
    known = starts.cause()  # one that did not come up is not started again
    seen = did_not_come_up(known) if known and known.own else come_up_from_nothing(unstarted(nothing), starting)
    assert coming_violations(evidence.saw(seen)) == []


@pytest.mark.check
def test_only_what_is_published_is_reached_and_only_on_loopback(stack: Stack, evidence: Evidence) -> None:
    assert reach_violations(evidence.saw(knock_everywhere(stack))) == []


@pytest.mark.check
def test_no_container_has_power_over_the_machine(stack: Stack, evidence: Evidence) -> None:
    assert privilege_violations(evidence.saw(inspect_privileges(stack))) == []
