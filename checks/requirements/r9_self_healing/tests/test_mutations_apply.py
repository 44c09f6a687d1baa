"""The mutations of R9 take hold on the files that ship."""

from pathlib import Path

import pytest

from checks.requirements.r9_self_healing import mutations
from checks.subject.stack import Mutation
from checks.subject.tests.resolved import FIRST_OVERRIDE, changed_by


@pytest.mark.parametrize(
    ("mutation", "line"),
    [
        (mutations.no_healer, '"healer": {"profiles": ["removed"]}'),
        (mutations.undeclared_dependency, '"api": { depends_on: !reset {} }'),
    ],
)
def test_a_mutation_changes_what_it_says(mutation: Mutation, line: str, tmp_path: Path) -> None:
    changed = changed_by(mutation, tmp_path)
    assert list(changed) == [FIRST_OVERRIDE]
    assert line in changed[FIRST_OVERRIDE]
