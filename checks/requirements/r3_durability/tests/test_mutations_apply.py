"""The mutations of R3 take hold on the files that ship."""

from pathlib import Path

import pytest

from checks.requirements.r3_durability import mutations
from checks.subject.stack import Mutation
from checks.subject.tests.resolved import FIRST_OVERRIDE, changed_by


@pytest.mark.parametrize(
    ("mutation", "file", "line"),
    [
        (mutations.torn_tail_stops_the_start, FIRST_OVERRIDE, '"--aof-load-truncated", "no"]'),
        (mutations.damage_repaired_at_the_start, FIRST_OVERRIDE, "redis-check-aof --fix $$each"),
        (mutations.data_thrown_away_at_the_start, FIRST_OVERRIDE, "-mindepth 1 -delete"),
        (mutations.fsync_every_second, FIRST_OVERRIDE, '"--appendfsync", "everysec"]'),
        (mutations.nothing_saved, FIRST_OVERRIDE, '"--appendonly", "no", "--save", ""]'),
    ],
)
def test_a_mutation_changes_what_it_says(mutation: Mutation, file: str, line: str, tmp_path: Path) -> None:
    changed = changed_by(mutation, tmp_path)
    assert list(changed) == [file]
    assert line in changed[file]
