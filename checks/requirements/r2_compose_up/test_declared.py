"""R2 by its files alone."""

import pytest

from checks.core.evidence import Evidence
from checks.requirements.r2_compose_up.judge import configuration_violations
from checks.requirements.r2_compose_up.observe import read_configuration
from checks.subject.stack import Stack


@pytest.mark.check
def test_the_compose_file_is_without_warnings_and_names_versions(stack: Stack, evidence: Evidence) -> None:
    assert configuration_violations(evidence.saw(read_configuration(stack))) == []
