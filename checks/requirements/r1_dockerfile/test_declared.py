"""R1 by its files alone."""

import pytest

from checks.core.evidence import Evidence
from checks.requirements.r1_dockerfile.build_context import Sources
from checks.requirements.r1_dockerfile.judge import lint_violations, written_violations
from checks.requirements.r1_dockerfile.observe import lint, read_dockerfile


@pytest.mark.check
def test_one_stage_builds_another_ships_and_bases_are_pinned(sources: Sources, evidence: Evidence) -> None:
    assert written_violations(evidence.saw(read_dockerfile(sources))) == []


@pytest.mark.check
def test_hadolint_has_nothing_to_say(sources: Sources, evidence: Evidence) -> None:
    assert lint_violations(evidence.saw(lint(sources))) == []
