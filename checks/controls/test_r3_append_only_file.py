"""What must object when Redis makes too much of a torn append-only file, too little of damage, or transactions."""

import pytest

from checks import test_r3_append_only_file
from checks.controls import sabotages
from checks.core.evidence import Evidence
from checks.core.verdict import objections
from checks.harness.fixtures import Broken


@pytest.mark.control("R3", objects="torn-tail-is-no-obstacle")
@pytest.mark.parametrize("within", test_r3_append_only_file.TORN)
def test_a_torn_tail_that_stops_the_start_is_noticed(
    broken: Broken, evidence: Evidence, within: test_r3_append_only_file.Within
) -> None:
    seen = evidence.saw(test_r3_append_only_file.tear_the_tail(broken(sabotages.torn_tail_stops_the_start), within))
    assert objections(seen) == {"torn-tail-is-no-obstacle"}
    assert "Unexpected end of file" in seen.start.last_words


@pytest.mark.control("R3", objects="damage-is-not-swallowed")
def test_damage_that_is_repaired_at_the_start_is_noticed(broken: Broken, evidence: Evidence) -> None:
    seen = evidence.saw(test_r3_append_only_file.damage_the_middle(broken(sabotages.damage_repaired_at_the_start)))
    assert objections(seen) == {"damage-is-not-swallowed"}
    assert seen.refusal.healthy
    assert seen.changed == (seen.file,)
    assert seen.lost


@pytest.mark.control("R3", objects="no-transactions-in-the-file")
def test_changes_stored_in_transactions_are_noticed(broken: Broken, evidence: Evidence) -> None:
    seen = evidence.saw(test_r3_append_only_file.store_and_read_the_file(broken(sabotages.stored_in_a_transaction)))
    assert objections(seen) == {"no-transactions-in-the-file"}
    assert seen.transaction[-3:] == ("SET", "SET", "EXEC")
