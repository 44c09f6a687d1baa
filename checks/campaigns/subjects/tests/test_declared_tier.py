"""Files alone decide what they can, of every shape, in a sentence: `GOLDEN=write pytest checks/campaigns/subjects`."""

import os

import pytest

from checks.campaigns.subjects import shapes
from checks.subject.tests.compose import needs_compose
from stack import SHIPPED

DECIDED_BY_FILES = ("R1", "R2", "R7")


@needs_compose
@pytest.mark.parametrize("name", shapes.NAMES)
def test_files_decide(name: str) -> None:
    with shapes.laid_out(name) as subject:
        before = {path: path.stat().st_mtime_ns for path in subject.rglob("*")}
        found = shapes.judged(subject, "--tier=declared")
        told = shapes.sentences(found, subject)
        assert {path: path.stat().st_mtime_ns for path in subject.rglob("*")} == before  # nothing was written there
    golden = shapes.GOLDEN / f"{name}.declared.txt"
    if os.environ.get("GOLDEN") == "write":
        golden.write_text(told)
    assert told == golden.read_text()
    verdicts = shapes.verdicts(found)
    assert {verdicts[name] for name in DECIDED_BY_FILES} <= {"proven", "violated"}
    assert found.lines < 40


@needs_compose
def test_the_stack_that_ships_violates_nothing_by_its_files() -> None:
    """Whoever sharpens a rule finds here what would be a false alarm, before a container is started."""
    found = shapes.judged(SHIPPED, "--tier=declared")
    assert "violated" not in shapes.verdicts(found).values()
