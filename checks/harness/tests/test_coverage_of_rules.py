"""Nothing is claimed that no check proves, and no rule goes without a mutation that it objects to."""

import pytest

from checks.core import catalog, registry
from checks.core.requirement import Requirement
from checks.core.run import Kind
from checks.core.runner import COMPOSE
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


@pytest.mark.parametrize("requirement", KNOWN.requirements, ids=lambda one: one.id)
def test_a_rule_of_one_runner_is_judged_with_it_alone(requirement: Requirement) -> None:
    samples = catalog.samples(requirement).failing
    for rule in requirement.rules:
        judges = {registry.registered()[type(seen).__name__][1].__name__ for seen in samples[rule.name]}
        marks = [mark for check, mark in coverage.marked(requirement, Kind.CHECK) if judges & asked_by(check)]
        if rule.runner:
            assert {mark.kwargs.get("runner") for mark in marks} == {rule.runner}
        else:
            assert any(mark.kwargs.get("runner") in {None, COMPOSE} for mark in marks)


def asked_by(check: coverage.Test) -> set[str]:
    return set(coverage.names_used(check.__code__))
