"""A report with everything in it that a report may have."""

from collections.abc import Iterator
from dataclasses import replace

from checks.core import catalog
from checks.core.judging import judged
from checks.core.requirement import Requirement
from checks.core.results import Result
from checks.core.run import Kind, Planned
from checks.core.stored import Stored
from checks.core.tests.sample_run import RUN, SampleKept, outcome, record

KNOWN = catalog.read()
ENDLESS = SampleKept(written=("x" * 500, "y"), read_back=("x" * 500, "y"))


def crowded() -> Result:
    """All nine, with every kind of observation that there is, and a mutation for each rule, on three workers."""
    seen = {plan: what for known in KNOWN.requirements for plan, what in _seen_of(known)}
    begun = [
        f"20:15:{55 * n // len(seen):02}" for n in range(len(seen))
    ]  # the run took a minute, and the last one some of it
    ran = [outcome(plan, at=begun[n], on=f"gw{n % 3}", took=0.1 * (n % 9)) for n, plan in enumerate(seen)]
    records = tuple(record(plan, what) for plan, what in seen.items())
    return judged(Stored(run=replace(RUN, planned=tuple(seen)), outcomes=tuple(ran), records=records))


def _seen_of(known: Requirement) -> Iterator[tuple[Planned, object]]:
    told = f"x.py::test_{known.id}_a_sentence_that_says_at_some_length_what_holds"
    samples = catalog.samples(known)
    for number, what in enumerate([ENDLESS, *samples.passing]):
        yield Planned(name=f"checks/{told}[{number}]", requirement=known.id, kind=Kind.CHECK), what
    for rule in known.rules:
        name = f"checks/mutations/{told}[{rule.name}]"
        for what in samples.failing.get(rule.name, ())[:1]:
            yield Planned(name=name, requirement=known.id, kind=Kind.MUTATION, objects=rule.name), what
