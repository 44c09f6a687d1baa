"""R9: each mutation is noticed by the rule that it breaks, and by no other."""

import pytest

from checks.core.evidence import Evidence
from checks.core.registry import objections
from checks.harness.fixtures import InPart, Mutated, OnAnotherEngine
from checks.requirements.r9_self_healing import mutations
from checks.requirements.r9_self_healing.observe import (
    declared,
    engine_restart,
    healer_away,
    healing,
    left_alone,
    swarm,
)
from checks.subject import mutation
from checks.subject.roles import Role
from checks.subject.stack import Files


@pytest.mark.mutation(objects="engine-restart-comes-back")
def test_a_policy_that_wants_a_failure_is_noticed_at_a_restart(
    on_another_engine: OnAnotherEngine, evidence: Evidence
) -> None:
    found = on_another_engine(mutation.restarted(Role.PROMETHEUS, "on-failure"))
    assert objections(evidence.saw(engine_restart.restart_the_engine(*found))) == {"engine-restart-comes-back"}


@pytest.mark.mutation(objects="nothing-missed")
def test_a_healer_that_nobody_heals_is_noticed(mutated: Mutated, evidence: Evidence) -> None:
    stack = mutated(mutations.no_watchdog)
    seen = evidence.saw(healer_away.hurt_while_away(stack, stack.roles[Role.PROMETHEUS], "healer")[0])
    assert objections(seen) == {"nothing-missed"}
    assert "detect" in seen.phases


@pytest.mark.mutation(objects="found-unhealthy")
def test_a_health_check_that_cannot_fail_is_noticed(mutated: Mutated, evidence: Evidence) -> None:
    stack = mutated(mutation.health_check_that_cannot_fail)
    assert objections(evidence.saw(healing.sicken(stack, stack.roles[Role.API], "frozen"))) == {"found-unhealthy"}


@pytest.mark.mutation(objects="restarted")
def test_a_missing_healer_is_noticed(mutated: Mutated, evidence: Evidence) -> None:
    """Also where the container helps itself, so that it is well again and Docker saw no start."""
    stack = mutated(mutations.healed_inside)
    seen = evidence.saw(healing.sicken(stack, stack.roles[Role.PROMETHEUS], "frozen"))
    assert objections(seen) == {"restarted"}
    assert list(seen.phases) == ["detect"]


@pytest.mark.mutation(objects="healthy-again")
def test_a_restart_that_does_not_help_is_noticed(mutated: Mutated, evidence: Evidence) -> None:
    stack = mutated(mutation.never_well_again)
    assert objections(evidence.saw(healing.sicken(stack, stack.roles[Role.REDIS], "frozen"))) == {"healthy-again"}


@pytest.mark.mutation(objects="others-left-alone")
def test_a_restarted_dependent_is_noticed(mutated: Mutated, evidence: Evidence) -> None:
    stack = mutated(mutations.undeclared_dependency)
    assert objections(evidence.saw(healing.sicken(stack, stack.roles[Role.REDIS], "frozen"))) == {"others-left-alone"}


@pytest.mark.mutation(objects="clean-exit-comes-back")
def test_a_policy_for_failures_only_is_noticed(in_part: InPart, evidence: Evidence) -> None:
    stack = in_part(mutation.restarted(Role.API, "on-failure"), Role.API)
    assert objections(evidence.saw(healing.end(stack, stack.roles[Role.API], "clean-exit"))) == {
        "clean-exit-comes-back"
    }


@pytest.mark.mutation(objects="crash-comes-back")
def test_a_missing_policy_is_noticed_after_a_crash(in_part: InPart, evidence: Evidence) -> None:
    stack = in_part(mutation.restarted(Role.REDIS, "no"), Role.REDIS)
    assert objections(evidence.saw(healing.end(stack, stack.roles[Role.REDIS], "crash"))) == {"crash-comes-back"}


@pytest.mark.mutation(objects="oom-kill-comes-back")
def test_a_missing_policy_is_noticed_after_an_oom_kill(in_part: InPart, evidence: Evidence) -> None:
    stack = in_part(mutation.restarted(Role.PROMETHEUS, "no"), Role.PROMETHEUS)
    assert objections(evidence.saw(healing.end(stack, stack.roles[Role.PROMETHEUS], "oom-kill"))) == {
        "oom-kill-comes-back"
    }


@pytest.mark.mutation(objects="crash-at-start-comes-back")
def test_a_policy_that_gives_up_is_noticed(in_part: InPart, evidence: Evidence) -> None:
    stack = in_part(mutation.restarted(Role.API, "on-failure:2"), Role.API)
    seen = evidence.saw(healing.end(stack, stack.roles[Role.API], "crash-at-start"))
    assert objections(seen) == {"crash-at-start-comes-back"}


@pytest.mark.mutation(objects="stop-left-alone")
def test_a_stop_that_is_undone_is_noticed(mutated: Mutated, evidence: Evidence) -> None:
    stack = mutated(mutations.eager_healer)
    assert objections(evidence.saw(left_alone.leave(stack, stack.roles[Role.PROMETHEUS], "stopped"))) == {
        "stop-left-alone"
    }


@pytest.mark.mutation(objects="pause-left-alone")
def test_a_pause_that_is_undone_is_noticed(mutated: Mutated, evidence: Evidence) -> None:
    stack = mutated(mutations.eager_healer)
    assert objections(evidence.saw(left_alone.leave(stack, stack.roles[Role.PROMETHEUS], "paused"))) == {
        "pause-left-alone"
    }


@pytest.mark.mutation(objects="stall-left-alone")
def test_a_restart_for_a_stall_is_noticed(mutated: Mutated, evidence: Evidence) -> None:
    stack = mutated(mutations.eager_healer)
    assert objections(evidence.saw(left_alone.leave(stack, stack.roles[Role.PROMETHEUS], "stall-3s"))) == {
        "stall-left-alone"
    }


@pytest.mark.mutation(objects="dependent-left-alone")
def test_a_restart_for_a_frozen_dependency_is_noticed(mutated: Mutated, evidence: Evidence) -> None:
    stack = mutated(mutations.undeclared_dependency)
    seen = evidence.saw(left_alone.leave(stack, stack.roles[Role.API], "dependency-frozen"))
    assert objections(seen) == {"dependent-left-alone"}


@pytest.mark.mutation(objects="healed-within-minutes")
def test_a_stop_that_may_take_hours_is_noticed(unstarted: Mutated, evidence: Evidence) -> None:
    seen = evidence.saw(declared.read_declared_bounds(unstarted(mutations.hours_to_stop)))
    assert objections(seen) == {"healed-within-minutes"}


@pytest.mark.mutation(objects="swarm-restarts-what-ends")
@pytest.mark.parametrize("policy", ["no", "on-failure", "on-failure:3"])
def test_a_task_that_is_not_replaced_is_noticed(files: Files, evidence: Evidence, policy: str) -> None:
    with mutation.laid_over(files, services={files.roles[Role.API]: {"restart": policy}}) as sabotaged:
        assert objections(evidence.saw(swarm.read_restarting(sabotaged))) == {"swarm-restarts-what-ends"}


@pytest.mark.mutation(objects="swarm-update-leaves-a-task")
def test_an_update_of_all_tasks_at_once_is_noticed(files: Files, evidence: Evidence) -> None:
    update = {"order": "stop-first", "parallelism": 0, "failure_action": "rollback"}
    deploy = {"replicas": 2, "update_config": update}
    with mutation.laid_over(files, services={files.roles[Role.API]: {"deploy": deploy}}) as sabotaged:
        assert objections(evidence.saw(swarm.read_updates(sabotaged))) == {"swarm-update-leaves-a-task"}


@pytest.mark.mutation(objects="swarm-update-rolls-back")
def test_a_bad_update_that_stays_is_noticed(files: Files, evidence: Evidence) -> None:
    update = {"order": "start-first", "failure_action": "pause"}
    with mutation.laid_over(
        files, services={files.roles[Role.API]: {"deploy": {"update_config": update}}}
    ) as sabotaged:
        assert objections(evidence.saw(swarm.read_updates(sabotaged))) == {"swarm-update-rolls-back"}
