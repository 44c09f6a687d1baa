"""R2 by its files alone."""

import pytest

from checks.core.evidence import Evidence
from checks.requirements.r2_compose_up.judge.compose_up import (
    configuration_violations,
    privilege_violations,
    published_violations,
)
from checks.requirements.r2_compose_up.judge.swarm import (
    passed_over_violations,
    stack_key_violations,
    waiting_violations,
)
from checks.requirements.r2_compose_up.observe import read_configuration, read_privileges, read_published
from checks.requirements.r2_compose_up.observe_swarm import read_passed_over, read_stack_keys, read_waiting
from checks.subject.stack import Files


@pytest.mark.check
def test_compose_warns_of_nothing_and_images_have_versions(files: Files, evidence: Evidence) -> None:
    assert configuration_violations(evidence.saw(read_configuration(files))) == []


@pytest.mark.check
def test_what_the_file_publishes_is_on_loopback(files: Files, evidence: Evidence) -> None:
    assert published_violations(evidence.saw(read_published(files))) == []


@pytest.mark.check
def test_no_service_asks_for_power_over_the_machine(files: Files, evidence: Evidence) -> None:
    assert privilege_violations(evidence.saw(read_privileges(files))) == []


@pytest.mark.check(runner="swarm")
def test_swarm_takes_the_file(files: Files, evidence: Evidence) -> None:
    assert stack_key_violations(evidence.saw(read_stack_keys(files))) == []


@pytest.mark.check(runner="swarm")
def test_swarm_passes_nothing_over(files: Files, evidence: Evidence) -> None:
    assert passed_over_violations(evidence.saw(read_passed_over(files))) == []


@pytest.mark.check(runner="swarm")
def test_who_waits_for_others_is_started_again(files: Files, evidence: Evidence) -> None:
    assert waiting_violations(evidence.saw(read_waiting(files))) == []
