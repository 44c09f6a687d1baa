"""R3 on a stack that is broken and restarted."""

from pathlib import PurePosixPath

import pytest

from checks.core.evidence import Evidence
from checks.faults.disk import NoDiskError
from checks.requirements.r3_durability.judge.append_only_file import TO_DO, Within, damage_violations, torn_violations
from checks.requirements.r3_durability.judge.backup import restored_violations
from checks.requirements.r3_durability.judge.full_disk import full_disk_violations
from checks.requirements.r3_durability.judge.power_cut import NOT_SHOWN, power_cut_violations
from checks.requirements.r3_durability.judge.restart import kept_violations, rewritten_violations, settings_violations
from checks.requirements.r3_durability.observe import full_disk, power_cut
from checks.requirements.r3_durability.observe.append_only_file import TORN, damage_the_middle, tear_the_tail
from checks.requirements.r3_durability.observe.backup import back_up_wipe_and_restore
from checks.requirements.r3_durability.observe.fsync import one_rung_lower
from checks.requirements.r3_durability.observe.full_disk import fill_the_disk
from checks.requirements.r3_durability.observe.power_cut import conclusive, cut_the_power
from checks.requirements.r3_durability.observe.restart import (
    kill_under_load,
    read_settings,
    restart,
    rewrite_and_kill_under_load,
    take_down_and_up,
)
from checks.roles.redis.background import watched
from checks.subject.stack import Stack


@pytest.mark.parametrize("within", TORN)
@pytest.mark.check
def test_a_torn_record_is_no_obstacle_and_costs_nothing(stack: Stack, evidence: Evidence, within: Within) -> None:
    assert torn_violations(evidence.saw(tear_the_tail(stack, within))) == []


@pytest.mark.check
def test_damage_in_the_middle_is_refused_and_nothing_is_changed(stack: Stack, evidence: Evidence) -> None:
    seen = evidence.saw(damage_the_middle(stack))
    evidence.note(f"damage in the middle of {PurePosixPath(seen.file).name}: {seen.refusal}. To do then: {TO_DO}")
    assert damage_violations(seen) == []


@pytest.mark.check
def test_a_backup_brings_back_what_was_wiped(stack: Stack, evidence: Evidence) -> None:
    assert restored_violations(evidence.saw(back_up_wipe_and_restore(stack))) == []


@pytest.mark.check
def test_a_full_disk_loses_nothing_and_is_told_and_survived(own_stack: Stack, evidence: Evidence) -> None:
    seen = evidence.saw(fill_the_disk(own_stack))
    evidence.note(f"a full disk ({seen.disk}): {full_disk.in_words(seen)}")
    assert full_disk_violations(seen) == []


@pytest.mark.check
def test_items_survive_a_restart(stack: Stack, evidence: Evidence) -> None:
    assert kept_violations(evidence.saw(restart(stack))) == []


@pytest.mark.check
def test_no_acknowledged_item_is_lost_when_redis_is_killed(stack: Stack, evidence: Evidence) -> None:
    assert kept_violations(evidence.saw(kill_under_load(stack))) == []


@pytest.mark.check
def test_no_acknowledged_item_is_lost_by_a_rewrite_under_load(stack: Stack, evidence: Evidence) -> None:
    assert rewritten_violations(evidence.saw(rewrite_and_kill_under_load(stack))) == []


@pytest.mark.check
def test_items_survive_down_and_up(stack: Stack, evidence: Evidence) -> None:
    assert kept_violations(evidence.saw(take_down_and_up(stack))) == []


@pytest.mark.check
def test_no_acknowledged_write_is_lost_by_a_power_cut(own_stack: Stack, evidence: Evidence) -> None:
    try:
        seen = evidence.saw(cut_the_power(own_stack))
    except NoDiskError as refused:
        evidence.note(f"no power was cut: {'; '.join((refused.sentence, *refused.details))}")
        assert one_rung_lower(own_stack, evidence) == []
        return
    assert power_cut_violations(seen) == []
    conclusive(seen)
    evidence.note(f"R3 stands on rung 4 of 4, the power cut: {power_cut.in_words(seen)}. {NOT_SHOWN}")


@pytest.mark.check
@pytest.mark.last
def test_the_settings_still_hold_at_the_end(stack: Stack, evidence: Evidence) -> None:
    seen = evidence.saw(read_settings(stack))
    evidence.note(
        f"Redis' settings were read again {watched(stack)} after it had last started: nothing is known of later"
    )
    assert settings_violations(seen) == []
