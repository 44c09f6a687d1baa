"""What must object when a full disk costs acknowledged writes, is not told, makes Redis hammer, or is not survived."""

import pytest

from checks import test_r3_full_disk
from checks.controls import sabotages
from checks.core.evidence import Evidence
from checks.core.verdict import objections
from checks.harness.fixtures import Broken
from checks.subject.profile import Role


@pytest.mark.control("R3", objects="full-disk-loses-nothing")
def test_fsync_every_second_is_noticed_on_a_full_disk(broken: Broken, evidence: Evidence) -> None:
    seen = evidence.saw(test_r3_full_disk.fill_the_disk(broken(sabotages.fsync_every_second)))
    assert objections(seen) == {"full-disk-loses-nothing"}
    assert seen.lost


@pytest.mark.control("R3", objects="full-disk-is-told")
def test_an_api_that_waits_for_room_is_noticed(broken: Broken, evidence: Evidence) -> None:
    seen = evidence.saw(test_r3_full_disk.fill_the_disk(broken(sabotages.tried_until_it_is_stored)))
    assert objections(seen) == {"full-disk-is-told"}


@pytest.mark.control("R3", objects="full-disk-is-told")
def test_a_redis_that_logs_nothing_is_noticed_on_a_full_disk(broken: Broken, evidence: Evidence) -> None:
    seen = evidence.saw(test_r3_full_disk.fill_the_disk(broken(sabotages.nothing_logged)))
    assert objections(seen) == {"full-disk-is-told"}
    assert not seen.logged


@pytest.mark.control("R3", objects="full-disk-is-no-tight-loop")
def test_a_redis_started_again_at_once_is_noticed_on_a_full_disk(broken: Broken, evidence: Evidence) -> None:
    seen = evidence.saw(test_r3_full_disk.fill_the_disk(broken(sabotages.started_again_at_once)))
    assert objections(seen) == {"full-disk-is-no-tight-loop"}


@pytest.mark.control("R3", objects="full-disk-comes-back")
def test_a_missing_policy_is_noticed_after_a_full_disk(broken: Broken, evidence: Evidence) -> None:
    seen = evidence.saw(test_r3_full_disk.fill_the_disk(broken(sabotages.restarted(Role.REDIS, "no"))))
    assert objections(seen) == {"full-disk-comes-back"}
