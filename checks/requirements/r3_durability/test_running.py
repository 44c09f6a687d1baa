"""R3 on a stack that runs."""

import pytest

from checks.core.evidence import Evidence
from checks.requirements.r3_durability.judge.append_only_file import changes_violations
from checks.requirements.r3_durability.judge.every_redis import other_redis_violations
from checks.requirements.r3_durability.judge.fsync import flush_violations, fsync_violations
from checks.requirements.r3_durability.judge.keeper import keeper_violations
from checks.requirements.r3_durability.judge.restart import attached_violations, settings_violations
from checks.requirements.r3_durability.observe.append_only_file import store_and_read_the_file
from checks.requirements.r3_durability.observe.declared import find_keeper
from checks.requirements.r3_durability.observe.every_redis import ask_others
from checks.requirements.r3_durability.observe.fsync import count_flushes, write_and_wait_for_fsync
from checks.requirements.r3_durability.observe.restart import look_into_the_mount, read_settings
from checks.subject.stack import Stack


@pytest.mark.check
def test_each_change_is_one_command_in_the_file(stack: Stack, evidence: Evidence) -> None:
    assert changes_violations(evidence.saw(store_and_read_the_file(stack))) == []


@pytest.mark.check
def test_every_write_is_fsynced_before_it_is_acknowledged(stack: Stack, evidence: Evidence) -> None:
    own_word, counted = evidence.saw(write_and_wait_for_fsync(stack)), evidence.saw(count_flushes(stack))
    if counted.not_counted:
        evidence.note(f"the disk's flushes are not counted ({counted.not_counted}): Redis' own word is all there is")
    assert fsync_violations(own_word) + flush_violations(counted) == []


@pytest.mark.check
def test_no_setting_suspends_the_fsync(stack: Stack, evidence: Evidence) -> None:
    assert settings_violations(evidence.saw(read_settings(stack))) == []


@pytest.mark.check
def test_no_other_redis_that_answers_saves_less(stack: Stack, evidence: Evidence) -> None:
    assert other_redis_violations(evidence.saw(ask_others(stack))) == []


@pytest.mark.check
def test_the_files_lie_in_the_mounted_directory(stack: Stack, evidence: Evidence) -> None:
    assert attached_violations(evidence.saw(look_into_the_mount(stack))) == []


@pytest.mark.check
def test_a_redis_that_runs_keeps_the_data(stack: Stack, evidence: Evidence) -> None:
    assert keeper_violations(evidence.saw(find_keeper(stack))) == []
