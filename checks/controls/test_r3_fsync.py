"""What must object when Redis acknowledges what is not on the disk yet."""

import pytest

from checks import test_r3_fsync
from checks.controls import sabotages
from checks.core.evidence import Evidence
from checks.core.verdict import objections
from checks.harness.fixtures import Broken


@pytest.mark.control("R3", objects="fsynced-before-acknowledged")
def test_fsync_every_second_is_noticed(broken: Broken, evidence: Evidence) -> None:
    stack = broken(sabotages.fsync_every_second)
    own_word, counted = (
        evidence.saw(test_r3_fsync.write_and_wait_for_fsync(stack)),
        evidence.saw(test_r3_fsync.count_flushes(stack)),
    )
    assert objections(own_word) == {"fsynced-before-acknowledged"}
    assert counted.not_counted or objections(counted) == {"fsynced-before-acknowledged"}


@pytest.mark.control("R3", objects="fsynced-before-acknowledged")
def test_an_fsync_that_does_nothing_is_noticed_by_the_flushes(broken: Broken, evidence: Evidence) -> None:
    stack = broken(sabotages.fsync_swallowed)
    own_word, counted = (
        evidence.saw(test_r3_fsync.write_and_wait_for_fsync(stack)),
        evidence.saw(test_r3_fsync.count_flushes(stack)),
    )
    assert objections(own_word) == set()
    if counted.not_counted:  # then nothing notices this one, and the policy that never asks for an fsync stands in
        own_word = evidence.saw(test_r3_fsync.write_and_wait_for_fsync(broken(sabotages.fsync_never)))
    assert objections(own_word) | objections(counted) == {"fsynced-before-acknowledged"}
