"""What must object when a backup that was put back brings nothing back."""

import pytest

from checks import test_r3_backup
from checks.controls import sabotages
from checks.core.evidence import Evidence
from checks.core.verdict import objections
from checks.harness.fixtures import Broken


@pytest.mark.control("R3", objects="backup-restores")
def test_data_thrown_away_at_each_start_are_noticed_after_a_restore(broken: Broken, evidence: Evidence) -> None:
    seen = evidence.saw(test_r3_backup.back_up_wipe_and_restore(broken(sabotages.data_thrown_away_at_the_start)))
    assert objections(seen) == {"backup-restores"}
    assert seen.lost == seen.acknowledged
