"""Each judge objects to what violates its rules, by name and alone, and to a check that tried nothing."""

import pytest

from checks.core import catalog
from checks.core.codec import as_data
from checks.core.registry import judge, objections, rebuild

KNOWN = catalog.read()
catalog.load_judges(KNOWN)
SAMPLES = [catalog.samples(known) for known in KNOWN.requirements]
PASSING = [seen for samples in SAMPLES for seen in samples.passing]
FAILING = [(rule, seen) for samples in SAMPLES for rule, found in samples.failing.items() for seen in found]
VACUOUS = [seen for samples in SAMPLES for seen in samples.vacuous]


@pytest.mark.parametrize("seen", PASSING, ids=repr)
def test_what_keeps_every_rule_is_proven(seen: object) -> None:
    assert judge(seen) == []


@pytest.mark.parametrize(("rule", "seen"), FAILING)
def test_the_rule_that_is_violated_objects_and_no_other(rule: str, seen: object) -> None:
    assert objections(seen) == {rule}


@pytest.mark.parametrize("seen", VACUOUS, ids=repr)
def test_a_check_that_tried_nothing_proves_nothing(seen: object) -> None:
    assert judge(seen) != []


@pytest.mark.parametrize("seen", [*PASSING, *VACUOUS, *(seen for _, seen in FAILING)], ids=repr)
def test_what_was_seen_is_judged_the_same_from_disk(seen: object) -> None:
    stored = rebuild(type(seen).__name__, as_data(seen))
    assert stored == seen
    assert judge(stored) == judge(seen)
