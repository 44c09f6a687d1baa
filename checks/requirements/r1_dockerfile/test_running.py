"""R1 by its container, as it runs."""

import pytest

from checks.core.evidence import Evidence
from checks.requirements.r1_dockerfile.container import Layers, look_at_container
from checks.requirements.r1_dockerfile.judge import container_violations
from checks.subject.stack import Stack


@pytest.mark.check
def test_the_container_runs_the_image_as_it_was_built(stack: Stack, layers: Layers, evidence: Evidence) -> None:
    assert container_violations(evidence.saw(look_at_container(stack, layers))) == []
