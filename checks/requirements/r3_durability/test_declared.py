"""R3 by its files alone."""

import pytest

from checks.core.evidence import Evidence
from checks.requirements.r3_durability.judge.every_redis import other_redis_violations
from checks.requirements.r3_durability.judge.keeper import keeper_violations
from checks.requirements.r3_durability.judge.left_alone import settings_left_alone_violations
from checks.requirements.r3_durability.judge.restart import settings_violations
from checks.requirements.r3_durability.judge.swarm import placement_violations
from checks.requirements.r3_durability.observe.declared import find_keeper, look_beside_the_keeper, read_given_settings
from checks.requirements.r3_durability.observe.every_redis import read_others
from checks.requirements.r3_durability.observe.swarm import read_placement
from checks.subject.stack import Files


@pytest.mark.check
def test_no_setting_given_suspends_the_fsync(files: Files, evidence: Evidence) -> None:
    assert settings_violations(evidence.saw(read_given_settings(files))) == []


@pytest.mark.check
def test_nothing_is_left_running_that_changes_settings(files: Files, evidence: Evidence) -> None:
    assert settings_left_alone_violations(evidence.saw(look_beside_the_keeper(files))) == []


@pytest.mark.check
def test_no_other_redis_is_given_less(files: Files, evidence: Evidence) -> None:
    assert other_redis_violations(evidence.saw(read_others(files))) == []


@pytest.mark.check
def test_a_redis_keeps_the_data(files: Files, evidence: Evidence) -> None:
    assert keeper_violations(evidence.saw(find_keeper(files))) == []


@pytest.mark.check(runner="swarm")
def test_swarm_keeps_redis_where_its_data_lie(files: Files, evidence: Evidence) -> None:
    assert placement_violations(evidence.saw(read_placement(files))) == []
