"""What must object when Redis does not save every change to attached storage."""

import pytest

from checks import test_r3_persistence
from checks.controls import sabotages
from checks.core.evidence import Evidence
from checks.core.verdict import objections
from checks.harness.fixtures import Broken


@pytest.mark.control("R3", objects="nothing-suspends-fsync")
def test_fsync_suspended_by_rewrites_is_noticed(broken: Broken, evidence: Evidence) -> None:
    seen = evidence.saw(test_r3_persistence.read_settings(broken(sabotages.fsync_suspended_by_rewrites)))
    assert objections(seen) == {"nothing-suspends-fsync"}


@pytest.mark.control("R3", objects="restart-keeps")
def test_nothing_saved_is_noticed_after_a_restart(broken: Broken, evidence: Evidence) -> None:
    seen = evidence.saw(test_r3_persistence.restart(broken(sabotages.nothing_saved)))
    assert objections(seen) == {"restart-keeps"}


@pytest.mark.control("R3", objects="kill-keeps")
def test_nothing_saved_is_noticed_after_a_kill(broken: Broken, evidence: Evidence) -> None:
    seen = evidence.saw(test_r3_persistence.kill_under_load(broken(sabotages.nothing_saved)))
    assert objections(seen) == {"kill-keeps"}


@pytest.mark.control("R3", objects="rewrite-keeps")
def test_nothing_saved_is_noticed_after_a_rewrite(broken: Broken, evidence: Evidence) -> None:
    seen = evidence.saw(test_r3_persistence.rewrite_and_kill_under_load(broken(sabotages.nothing_saved)))
    assert objections(seen) == {"rewrite-keeps"}
    assert seen.lost


@pytest.mark.control("R3", objects="down-up-keeps")
def test_data_beside_the_mount_is_noticed_after_down_and_up(broken: Broken, evidence: Evidence) -> None:
    seen = evidence.saw(test_r3_persistence.take_down_and_up(broken(sabotages.data_beside_the_mount)))
    assert objections(seen) == {"down-up-keeps"}


@pytest.mark.control("R3", objects="files-in-mounted-directory")
def test_data_beside_the_mount_is_noticed_on_the_host(broken: Broken, evidence: Evidence) -> None:
    seen = evidence.saw(test_r3_persistence.look_into_the_mount(broken(sabotages.data_beside_the_mount)))
    assert objections(seen) == {"files-in-mounted-directory"}
