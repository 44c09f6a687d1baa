"""R3: each mutation is noticed by the rule that it breaks, and by no other."""

from collections.abc import Callable

import pytest

from checks.core.evidence import Evidence
from checks.core.registry import objections
from checks.harness.fixtures import InPart, Mutated
from checks.requirements.r3_durability import mutations
from checks.requirements.r3_durability.judge.append_only_file import Within
from checks.requirements.r3_durability.judge.power_cut import Moment
from checks.requirements.r3_durability.observe import (
    append_only_file,
    backup,
    declared,
    every_redis,
    fsync,
    full_disk,
    power_cut,
    restart,
    swarm,
)
from checks.roles.redis.mutations import (
    WAITING,
    another_redis,
    decoy_inside,
    naming_its_own,
    redis_with,
)
from checks.subject import mutation
from checks.subject.roles import Role
from checks.subject.stack import Files, Mutation


@pytest.mark.mutation(objects="torn-tail-is-no-obstacle")
@pytest.mark.parametrize("within", append_only_file.TORN)
def test_a_torn_tail_that_stops_the_start_is_noticed(in_part: InPart, evidence: Evidence, within: Within) -> None:
    seen = evidence.saw(append_only_file.tear_the_tail(in_part(mutations.torn_tail_stops_the_start), within))
    assert objections(seen) == {"torn-tail-is-no-obstacle"}
    assert "Unexpected end of file" in seen.start.last_words


@pytest.mark.mutation(objects="damage-is-not-swallowed")
def test_damage_that_is_repaired_at_the_start_is_noticed(in_part: InPart, evidence: Evidence) -> None:
    seen = evidence.saw(append_only_file.damage_the_middle(in_part(mutations.damage_repaired_at_the_start)))
    assert objections(seen) == {"damage-is-not-swallowed"}
    assert seen.refusal.healthy
    assert seen.changed == (seen.file,)
    assert seen.lost


@pytest.mark.mutation(objects="no-transactions-in-the-file")
def test_changes_stored_in_transactions_are_noticed(in_part: InPart, evidence: Evidence) -> None:
    seen = evidence.saw(append_only_file.store_and_read_the_file(in_part(mutations.stored_in_a_transaction)))
    assert objections(seen) == {"no-transactions-in-the-file"}
    assert seen.transaction[-3:] == ("SET", "SET", "EXEC")


@pytest.mark.mutation(objects="backup-restores")
def test_data_thrown_away_at_each_start_fail_a_restore(in_part: InPart, evidence: Evidence) -> None:
    seen = evidence.saw(backup.back_up_wipe_and_restore(in_part(mutations.data_thrown_away_at_the_start)))
    assert objections(seen) == {"backup-restores"}
    assert seen.lost == seen.acknowledged


DROPPING: dict[str, tuple[str, ...]] = {
    "evicts": ("--maxmemory", "1mb", "--maxmemory-policy", "allkeys-lru"),
    "follows-another": ("--replicaof", "elsewhere.example", "6379"),
    "in-memory": ("--dir", "/scratch"),
}
WITHOUT_FLUSHES: dict[str, dict[str, str]] = {
    "volatile": {
        "type": "overlay",
        "device": "overlay",
        "o": "lowerdir=/srv/l,upperdir=/srv/u,workdir=/srv/w,volatile",
    },
    "no-barriers": {"type": "ext4", "device": "/dev/vdb1", "o": "noatime,barrier=0"},
    "memory": {"type": "tmpfs", "device": "tmpfs"},
}


@pytest.mark.mutation(objects="nothing-drops-the-data")
@pytest.mark.parametrize("how", DROPPING)
def test_a_setting_that_drops_data_is_noticed(unstarted: Mutated, evidence: Evidence, how: str) -> None:
    stack = unstarted(redis_with(*DROPPING[how]))
    mutation.override(stack, Role.REDIS, tmpfs=["/scratch"])
    assert objections(evidence.saw(declared.read_given_settings(stack))) == {"nothing-drops-the-data"}


@pytest.mark.mutation(objects="nothing-drops-the-data")
@pytest.mark.parametrize("how", WITHOUT_FLUSHES)
def test_a_volume_that_keeps_no_flush_is_noticed(files: Files, evidence: Evidence, how: str) -> None:
    mounts = {files.roles[Role.REDIS]: {"volumes": ["sabotage:/data/appendonlydir"]}}
    volumes = {"sabotage": {"driver_opts": WITHOUT_FLUSHES[how]}}
    with mutation.laid_over(files, services=mounts, volumes=volumes) as sabotaged:
        assert objections(evidence.saw(declared.read_given_settings(sabotaged))) == {"nothing-drops-the-data"}


@pytest.mark.mutation(objects="fsynced-before-acknowledged")
def test_fsync_every_second_is_noticed(in_part: InPart, evidence: Evidence) -> None:
    stack = in_part(mutations.fsync_every_second)
    own_word, counted = (
        evidence.saw(fsync.write_and_wait_for_fsync(stack)),
        evidence.saw(fsync.count_flushes(stack)),
    )
    assert objections(own_word) == {"fsynced-before-acknowledged"}
    assert counted.not_counted or objections(counted) == {"fsynced-before-acknowledged"}


@pytest.mark.mutation(objects="fsynced-before-acknowledged")
def test_an_fsync_that_does_nothing_is_noticed_by_the_flushes(in_part: InPart, evidence: Evidence) -> None:
    stack = in_part(mutations.fsync_swallowed)
    own_word, counted = (
        evidence.saw(fsync.write_and_wait_for_fsync(stack)),
        evidence.saw(fsync.count_flushes(stack)),
    )
    assert objections(own_word) == set()
    if counted.not_counted:  # then nothing notices this one, and the policy that never asks for an fsync stands in
        own_word = evidence.saw(fsync.write_and_wait_for_fsync(in_part(mutations.fsync_never)))
    assert objections(own_word) | objections(counted) == {"fsynced-before-acknowledged"}


@pytest.mark.mutation(objects="full-disk-loses-nothing")
def test_fsync_every_second_is_noticed_on_a_full_disk(mutated: Mutated, evidence: Evidence) -> None:
    seen = evidence.saw(full_disk.fill_the_disk(mutated(mutations.fsync_every_second)))
    assert objections(seen) == {"full-disk-loses-nothing"}
    assert seen.lost


@pytest.mark.mutation(objects="full-disk-is-told")
def test_an_api_that_waits_for_room_is_noticed(mutated: Mutated, evidence: Evidence) -> None:
    seen = evidence.saw(full_disk.fill_the_disk(mutated(mutations.tried_until_it_is_stored)))
    assert objections(seen) == {"full-disk-is-told"}


@pytest.mark.mutation(objects="full-disk-is-told")
def test_a_redis_that_logs_nothing_is_noticed_on_a_full_disk(mutated: Mutated, evidence: Evidence) -> None:
    seen = evidence.saw(full_disk.fill_the_disk(mutated(mutations.nothing_logged)))
    assert objections(seen) == {"full-disk-is-told"}
    assert not seen.logged


@pytest.mark.mutation(objects="full-disk-is-no-tight-loop")
def test_a_redis_started_again_at_once_is_noticed_on_a_full_disk(mutated: Mutated, evidence: Evidence) -> None:
    seen = evidence.saw(full_disk.fill_the_disk(mutated(mutations.started_again_at_once)))
    assert objections(seen) == {"full-disk-is-no-tight-loop"}


@pytest.mark.mutation(objects="full-disk-comes-back")
def test_a_missing_policy_is_noticed_after_a_full_disk(mutated: Mutated, evidence: Evidence) -> None:
    seen = evidence.saw(full_disk.fill_the_disk(mutated(mutation.restarted(Role.REDIS, "no"))))
    assert objections(seen) == {"full-disk-comes-back"}


@pytest.mark.mutation(objects="nothing-suspends-fsync")
def test_fsync_suspended_by_rewrites_is_noticed(in_part: InPart, evidence: Evidence) -> None:
    seen = evidence.saw(restart.read_settings(in_part(mutations.fsync_suspended_by_rewrites)))
    assert objections(seen) == {"nothing-suspends-fsync"}


@pytest.mark.mutation(objects="restart-keeps")
def test_nothing_saved_is_noticed_after_a_restart(in_part: InPart, evidence: Evidence) -> None:
    seen = evidence.saw(restart.restart(in_part(mutations.nothing_saved)))
    assert objections(seen) == {"restart-keeps"}


@pytest.mark.mutation(objects="kill-keeps")
def test_nothing_saved_is_noticed_after_a_kill(in_part: InPart, evidence: Evidence) -> None:
    seen = evidence.saw(restart.kill_under_load(in_part(mutations.nothing_saved)))
    assert objections(seen) == {"kill-keeps"}


@pytest.mark.mutation(objects="rewrite-keeps")
def test_nothing_saved_is_noticed_after_a_rewrite(in_part: InPart, evidence: Evidence) -> None:
    seen = evidence.saw(restart.rewrite_and_kill_under_load(in_part(mutations.nothing_saved)))
    assert objections(seen) == {"rewrite-keeps"}
    assert seen.lost


@pytest.mark.mutation(objects="down-up-keeps")
def test_data_beside_the_mount_is_noticed_after_down_and_up(in_part: InPart, evidence: Evidence) -> None:
    seen = evidence.saw(restart.take_down_and_up(in_part(mutations.data_beside_the_mount)))
    assert objections(seen) == {"down-up-keeps"}


@pytest.mark.mutation(objects="files-in-mounted-directory")
def test_data_beside_the_mount_is_noticed_on_the_host(in_part: InPart, evidence: Evidence) -> None:
    seen = evidence.saw(restart.look_into_the_mount(in_part(mutations.data_beside_the_mount)))
    assert objections(seen) == {"files-in-mounted-directory"}


@pytest.mark.mutation(objects="power-cut-keeps")
def test_fsync_every_second_is_noticed_by_a_power_cut(in_part: InPart, evidence: Evidence) -> None:
    seen = evidence.saw(power_cut.cut_until_it_costs(in_part(mutations.fsync_every_second), Moment.WRITING))
    assert objections(seen) == {"power-cut-keeps"}
    assert any(cut.lost for cut in seen.cuts)


@pytest.mark.mutation(objects="power-cut-keeps")
def test_fsync_that_the_kernel_swallows_loses_at_a_power_cut(in_part: InPart, evidence: Evidence) -> None:
    seen = evidence.saw(power_cut.cut_until_it_costs(in_part(mutations.fsync_swallowed), Moment.WRITING))
    assert objections(seen) == {"power-cut-keeps"}
    assert any(cut.lost or not cut.back for cut in seen.cuts)  # what names the files may not have been kept either


@pytest.mark.mutation(objects="power-cut-keeps")
def test_fsync_suspended_by_rewrites_is_noticed_by_a_power_cut(in_part: InPart, evidence: Evidence) -> None:
    seen = evidence.saw(power_cut.cut_until_it_costs(in_part(mutations.fsync_suspended_by_rewrites), Moment.REWRITE))
    assert objections(seen) == {"power-cut-keeps"}
    assert any(cut.lost for cut in seen.cuts)


@pytest.mark.mutation(objects="power-cut-keeps")
def test_an_api_that_acknowledges_first_loses_at_a_power_cut(in_part: InPart, evidence: Evidence) -> None:
    seen = evidence.saw(
        power_cut.cut_until_it_costs(in_part(mutations.acknowledged_before_it_is_stored), Moment.WRITING)
    )
    assert objections(seen) == {"power-cut-keeps"}
    assert any(cut.lost_through_api for cut in seen.cuts)
    assert all(cut.lost == cut.lost_through_api for cut in seen.cuts)


@pytest.mark.mutation(objects="power-cut-keeps")
def test_an_api_that_stores_later_loses_at_a_power_cut(in_part: InPart, evidence: Evidence) -> None:
    seen = evidence.saw(power_cut.cut_until_it_costs(in_part(mutations.stored_later_until_it_works), Moment.WRITING))
    assert objections(seen) == {"power-cut-keeps"}
    assert any(cut.lost_through_api for cut in seen.cuts)


@pytest.mark.mutation(objects="redis-keeps-the-data")
def test_a_project_without_a_redis_is_noticed(unstarted: Mutated, evidence: Evidence) -> None:
    seen = evidence.saw(declared.find_keeper(unstarted(mutation.without(Role.REDIS))))
    assert objections(seen) == {"redis-keeps-the-data"}


@pytest.mark.mutation(objects="other-redis-saves-too")
def test_a_second_redis_that_saves_less_is_noticed(unstarted: Mutated, evidence: Evidence) -> None:
    stack = naming_its_own(unstarted(another_redis("--appendonly", "yes", "--requirepass", "x")))
    seen = evidence.saw(every_redis.read_others(stack))
    assert objections(seen) == {"other-redis-saves-too"}


@pytest.mark.mutation(objects="other-redis-saves-too")
def test_a_decoy_that_saves_nothing_is_noticed(in_part: InPart, evidence: Evidence) -> None:
    seen = evidence.saw(every_redis.ask_others(in_part(decoy_inside)))
    assert objections(seen) == {"other-redis-saves-too"}
    assert list(seen.settings) == ["redis port 6380"]


@pytest.mark.mutation(objects="settings-left-alone")
@pytest.mark.parametrize("waiting", WAITING)
def test_a_change_of_settings_that_waits_is_noticed(
    unstarted: Mutated, evidence: Evidence, waiting: Callable[[str], Mutation]
) -> None:
    stack = unstarted(waiting("redis-cli CONFIG SET appendfsync everysec"))
    assert objections(evidence.saw(declared.read_given_settings(stack))) == set()
    assert objections(evidence.saw(declared.look_beside_the_keeper(stack))) == {"settings-left-alone"}


@pytest.mark.mutation(objects="swarm-stays-with-its-data")
def test_a_redis_without_a_placement_is_noticed(files: Files, evidence: Evidence) -> None:
    seen = evidence.saw(swarm.read_placement(mutation.as_it_stands(files)))
    assert seen.constraints == ()
    assert objections(seen) == {"swarm-stays-with-its-data"}


@pytest.mark.mutation(objects="swarm-stays-with-its-data")
def test_two_tasks_at_the_same_data_are_noticed(files: Files, evidence: Evidence) -> None:
    service = files.roles[Role.REDIS]
    with mutation.laid_over(files, services={service: {"deploy": {"replicas": 2}}}) as sabotaged:
        assert objections(evidence.saw(swarm.read_placement(sabotaged))) == {"swarm-stays-with-its-data"}
