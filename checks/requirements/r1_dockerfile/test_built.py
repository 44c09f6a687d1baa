"""R1 by its image."""

import pytest

from checks.core.evidence import Evidence
from checks.requirements.r1_dockerfile.build_context import Sources
from checks.requirements.r1_dockerfile.image_layers import Saved
from checks.requirements.r1_dockerfile.judge import (
    canary_violations,
    comparison_violations,
    configuration_violations,
    content_violations,
    context_violations,
    dependency_violations,
    rebuild_violations,
)
from checks.requirements.r1_dockerfile.observe import (
    built_beside_secrets,
    compare,
    compare_with_locks,
    look_at_configuration,
    look_inside,
    plant_and_look_at_context,
    rebuild,
)
from checks.subject.stack import Stack


@pytest.mark.check
def test_every_dependency_in_the_image_is_locked(image: Saved, sources: Sources, evidence: Evidence) -> None:
    assert dependency_violations(evidence.saw(compare_with_locks(image, sources))) == []


@pytest.mark.check
def test_the_image_runs_one_program_as_nobody_without_secrets(ready: Stack, image: Saved, evidence: Evidence) -> None:
    seen = evidence.saw(look_at_configuration(image.reference, image, ready.secrets()))
    assert configuration_violations(seen) == []


@pytest.mark.check
def test_the_image_holds_only_what_runs(image: Saved, evidence: Evidence) -> None:
    assert content_violations(evidence.saw(look_inside(image))) == []


@pytest.mark.check
def test_secrets_and_data_do_not_enter_a_build(sources: Sources, evidence: Evidence) -> None:
    assert context_violations(evidence.saw(plant_and_look_at_context(sources))) == []


@pytest.mark.check
def test_a_rebuild_is_all_from_the_cache(sources: Sources, evidence: Evidence) -> None:
    assert rebuild_violations(evidence.saw(rebuild(sources))) == []


@pytest.mark.check
@pytest.mark.long
def test_a_build_beside_secrets_takes_none_and_gives_the_same(
    image: Saved, sources: Sources, evidence: Evidence
) -> None:
    with built_beside_secrets(sources) as (twin, canaries):
        taken_in = canary_violations(evidence.saw(canaries))
        changed = comparison_violations(evidence.saw(compare(image, twin)))
    assert taken_in + changed == []
