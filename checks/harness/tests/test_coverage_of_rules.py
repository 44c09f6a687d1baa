"""Nothing is claimed that no check proves, and no rule goes without a mutation that it objects to."""

import pytest

from checks.core import catalog
from checks.core.requirement import Requirement
from checks.core.run import Kind
from checks.harness import coverage

KNOWN = catalog.read()


@pytest.mark.parametrize("requirement", KNOWN.requirements, ids=lambda one: one.id)
def test_a_requirement_lacks_nothing(requirement: Requirement) -> None:
    assert coverage.gaps(KNOWN, requirement) == []


@pytest.mark.parametrize("requirement", KNOWN.requirements, ids=lambda one: one.id)
def test_what_is_held_to_be_there_is_there(requirement: Requirement) -> None:
    assert requirement.rules
    assert coverage.judges_of(requirement)
    assert coverage.marked(requirement, Kind.CHECK)
    assert len(coverage.marked(requirement, Kind.MUTATION)) >= len(requirement.rules)


def test_every_rule_has_a_name_of_its_own() -> None:
    names = [rule.name for known in KNOWN.requirements for rule in known.rules]
    assert len(names) == len(set(names)) > 90
