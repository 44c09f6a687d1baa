"""R1 by its files alone."""

import pytest

from checks.core.evidence import Evidence
from checks.requirements.r1_dockerfile.build_context import in_place
from checks.requirements.r1_dockerfile.container import read_container
from checks.requirements.r1_dockerfile.judge import container_violations, lint_violations, written_violations
from checks.requirements.r1_dockerfile.observe import lint, read_dockerfile
from checks.subject.stack import Files


@pytest.mark.check
def test_one_stage_builds_another_ships_and_bases_are_pinned(files: Files, evidence: Evidence) -> None:
    seen = [evidence.saw(read_dockerfile(sources)) for sources in in_place(files)]
    assert [violation for written in seen for violation in written_violations(written)] == []


@pytest.mark.check
def test_hadolint_has_nothing_to_say(files: Files, evidence: Evidence) -> None:
    seen = [evidence.saw(lint(sources)) for sources in in_place(files)]
    assert [violation for linted in seen for violation in lint_violations(linted)] == []


@pytest.mark.check
def test_the_container_is_to_run_the_image_as_it_was_built(files: Files, evidence: Evidence) -> None:
    assert container_violations(evidence.saw(read_container(files))) == []
