"""What must object when a backup that was put back brings nothing back."""

import pytest

from checks import test_r3_backup as r3
from checks.conftest import Broken
from checks.controls import sabotages
from checks.evidence import Evidence
from checks.verdict import objections


@pytest.mark.control("R3", objects="backup-restores")
def test_data_thrown_away_at_each_start_are_noticed_after_a_restore(broken: Broken, evidence: Evidence) -> None:
    seen = evidence.saw(r3.back_up_wipe_and_restore(broken(sabotages.data_thrown_away_at_the_start)))
    assert objections(seen) == {"backup-restores"}
    assert seen.lost == seen.acknowledged
