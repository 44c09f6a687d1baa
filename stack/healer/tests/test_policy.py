"""What the healer decides, without an engine."""

import math
from dataclasses import replace

import pytest

from stack.healer import policy
from stack.healer.budget import Budget
from stack.healer.container import Container, Probe
from stack.healer.lateness import Lateness
from stack.healer.peers import Peers
from stack.healer.policy import Case, Dependency, Leave, Memory, Restart, Wait
from stack.healer.settings import Settings

SETTINGS = Settings(patience_seconds=100, backoff_cap_seconds=20, backoff_reset_seconds=60)
STARTED = "1970-01-01T00:00:00.5Z"
FAILURES = (
    Probe(start=10, end=10.1, passed=True),
    Probe(start=12, end=13, passed=False, output="timed out"),
    Probe(start=15, end=16, passed=False, output="timed out"),
)
API = Container(
    id="a" * 64, project="shop", service="api", health="unhealthy", started_at=STARTED, window=7, probes=FAILURES
)
# Its last probe began after the first failure of the api had ended: the api's trouble is its own.
REDIS = Container(
    id="b" * 64,
    project="shop",
    service="redis",
    health="healthy",
    started_at=STARTED,
    window=9,
    probes=(Probe(start=13.5, end=13.6, passed=True),),
)
ASLEEP = replace(REDIS, probes=(Probe(start=12.5, end=12.6, passed=True),))
FAILING = replace(REDIS, probes=(*REDIS.probes, Probe(start=15.5, end=16.5, passed=False)))
# Well again before the api was found unhealthy: the api may not have noticed yet.
BACK = replace(REDIS, probes=(Probe(start=11, end=12, passed=False), *REDIS.probes))
RESTARTED = replace(REDIS, started_at="1970-01-01T00:00:12.5Z")


def case(*replicas: Container, patient: Container = API) -> Case:
    return Case(patient=patient, dependencies=(Dependency(service="redis", replicas=replicas),))


def judged(seen: Case, memory: Memory | None = None, now: float = 1000) -> policy.Decision:
    memory = policy.remember(memory or Memory(), seen, now, SETTINGS)
    return policy.decide(seen, memory, now, SETTINGS)


def test_an_unhealthy_container_is_restarted_at_once() -> None:
    assert judged(Case(patient=API)) == Restart(reason="unhealthy")


@pytest.mark.parametrize("status", ["paused", "exited", "restarting", "created", "dead", "removing"])
def test_what_does_not_run_is_left_alone(status: str) -> None:
    assert judged(Case(patient=replace(API, status=status))) == Leave(reason=status)


@pytest.mark.parametrize("health", ["healthy", "starting", "none"])
def test_what_is_not_unhealthy_is_left_alone(health: str) -> None:
    assert judged(Case(patient=replace(API, health=health))) == Leave(reason=f"health is {health}")


def test_a_one_off_container_is_left_alone() -> None:
    assert judged(Case(patient=replace(API, oneoff=True))) == Leave(reason="one-off container")


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({}, ""),
        ({"project": "shop-2"}, "another project's container"),
        ({"started_at": "1970-01-01T00:00:09Z"}, "restarted meanwhile"),
        ({"status": "paused"}, "paused"),
        ({"health": "healthy"}, "health is healthy"),
    ],
)
def test_a_judgement_holds_only_while_nothing_changes(change: dict[str, str], reason: str) -> None:
    fresh = replace(API, **change)  # type: ignore[arg-type]
    assert policy.changed(API, fresh) == reason


def test_an_acquitted_dependency_costs_no_time() -> None:
    assert judged(case(REDIS)) == Restart(reason="unhealthy")


@pytest.mark.parametrize("suspect", [ASLEEP, FAILING, BACK, RESTARTED, replace(REDIS, probes=())])
def test_a_dependency_gets_its_window_to_be_found_out(suspect: Container) -> None:
    assert doubt_ends(case(suspect)) == 1009


def test_a_doubt_is_soon_looked_into_again() -> None:
    assert judged(case(ASLEEP), sick_since(1000), now=1003) == Wait(until=1003.5, reason="may be the fault of redis")
    assert judged(case(REDIS), sick_since(1000), now=1003.5) == Restart(reason="unhealthy")


def test_a_dependency_unnoticed_within_its_window_is_no_excuse() -> None:
    assert judged(case(ASLEEP), sick_since(1000), now=1009) == Restart(reason="unhealthy")


def test_a_dependent_has_a_window_to_notice_that_all_is_back() -> None:
    assert doubt_ends(case(RESTARTED, patient=replace(API, window=11))) == 1011


def test_a_window_longer_than_patience_is_cut_short() -> None:
    slow = replace(ASLEEP, window=500)
    assert doubt_ends(case(slow)) == 1100


def test_a_dependency_that_nobody_probes_is_taken_at_its_word() -> None:
    silent = replace(REDIS, health="none", window=0, probes=())
    assert judged(case(silent)) == Restart(reason="unhealthy")
    restarted = replace(silent, started_at=RESTARTED.started_at)
    assert doubt_ends(case(restarted)) == 1007


@pytest.mark.parametrize(
    ("down", "condition"),
    [
        (replace(REDIS, health="unhealthy"), "unhealthy"),
        (replace(REDIS, health="starting"), "starting"),
        (replace(REDIS, status="exited"), "exited"),
        (replace(REDIS, status="paused"), "paused"),
    ],
)
def test_a_dependency_that_is_down_excuses(down: Container, condition: str) -> None:
    assert judged(case(down)) == Wait(until=1100, reason=f"dependency redis is {condition}")


def test_a_dependency_without_a_container_excuses() -> None:
    assert judged(case()) == Wait(until=1100, reason="dependency redis is absent")


def test_one_replica_that_is_well_is_enough() -> None:
    assert judged(case(replace(REDIS, status="exited"), REDIS)) == Restart(reason="unhealthy")


def test_patience_ends() -> None:
    decision = judged(case(replace(REDIS, status="paused")), sick_since(1000), now=1100)
    assert decision == Restart(reason="patience is over, dependency redis is paused", gave_way=True)


def test_patience_ends_only_once() -> None:
    memory = replace(sick_since(1000), gave_way=True)
    decision = judged(case(replace(REDIS, status="paused")), memory, now=2000)
    assert isinstance(decision, Wait)
    assert decision.until == math.inf


def test_a_new_run_does_not_renew_patience_that_has_been_used_up() -> None:
    memory = policy.restarting(sick_since(1000), Restart(reason="", gave_way=True), now=1100)
    again = replace(API, started_at="1970-01-01T00:00:05Z")
    decision = judged(case(replace(REDIS, status="paused"), patient=again), memory, now=1110)
    assert isinstance(decision, Wait)
    assert decision.until == math.inf


def test_a_dependency_that_came_back_gives_time_to_recover() -> None:
    memory = replace(sick_since(1000), blocked=True, gave_way=True)
    remembered = policy.remember(memory, case(REDIS), 1050, SETTINGS)
    assert not remembered.gave_way
    assert judged(case(REDIS), memory, now=1050) == Wait(until=1057, reason="may recover by itself now")
    assert judged(case(REDIS), remembered, now=1057) == Restart(reason="unhealthy")


@pytest.mark.parametrize("known", [Memory(), Memory(started_at="of an earlier run", sick_since=5)])
def test_a_pause_that_ended_gives_time_to_recover(known: Memory) -> None:
    memory = policy.resumed(known, now=999)
    assert judged(Case(patient=API), memory) == Wait(until=1006, reason="may recover by itself now")


def test_grace_ends_with_the_run_it_was_given_to() -> None:
    memory = replace(sick_since(900), grace_from=999)
    again = replace(API, started_at="1970-01-01T00:00:05Z")
    assert judged(Case(patient=again), memory) == Restart(reason="unhealthy")


@pytest.mark.parametrize(("restarts", "seconds"), [(0, 0), (1, 2), (2, 4), (3, 8), (4, 16), (5, 20), (10**6, 20)])
def test_back_off_doubles_up_to_its_cap(restarts: int, seconds: float) -> None:
    assert policy.delay(restarts, cap=20) == seconds


def test_a_restart_that_did_not_help_is_followed_by_a_wait() -> None:
    memory = policy.restarting(sick_since(990), Restart(reason=""), now=990)
    again = replace(API, started_at="1970-01-01T00:00:05Z")
    assert judged(Case(patient=again), memory) == Wait(until=1002, reason="back-off of 2 s, restarts in a row: 1")


def test_a_restart_that_failed_is_followed_by_a_wait() -> None:
    memory = policy.restarting(sick_since(990), Restart(reason=""), now=1000)
    assert judged(Case(patient=API), memory) == Wait(until=1002, reason="back-off of 2 s, restarts in a row: 1")


def test_a_steady_run_resets_the_back_off() -> None:
    late = (Probe(start=61, end=62, passed=False),)
    memory = replace(sick_since(900), restarts=5, tried_at=900)
    again = replace(API, started_at="1970-01-01T00:00:01Z", probes=late)
    assert judged(Case(patient=again), memory) == Restart(reason="unhealthy")


def test_a_recovery_begins_a_new_spell() -> None:
    memory = policy.recovered(replace(sick_since(900), blocked=True, gave_way=True))
    assert judged(case(replace(REDIS, status="paused")), memory) == Wait(
        until=1100, reason="dependency redis is paused"
    )


def test_who_is_asked_to_end_is_theirs_until_it_is_over() -> None:
    memory = policy.asked_to_end(Memory(), replace(API, stop_seconds=5), at=2, now=1000)
    wait = Wait(until=1035, reason="somebody else is stopping or restarting it")
    assert judged(Case(patient=API), memory, now=1034) == wait
    assert judged(Case(patient=API), memory, now=1035) == Restart(reason="unhealthy")
    again = replace(API, started_at="1970-01-01T00:00:05Z")
    assert judged(Case(patient=again), memory, now=1001) == Restart(reason="unhealthy")


def test_whoever_nothing_is_known_of_has_dockers_own_stop_time() -> None:
    assert policy.asked_to_end(Memory(), None, at=0, now=0).hands_off_until == 40


@pytest.mark.parametrize(
    ("decision", "kind"),
    [(Restart(reason="unhealthy"), "unhealthy"), (Restart(reason="patience is over", gave_way=True), "patience")],
)
def test_a_restart_is_counted_under_one_of_few_words(decision: Restart, kind: str) -> None:
    assert decision.kind == kind


LATE = Lateness(late=2, failed=2, share=0.97, process="asleep")


def only_late(process: str = "asleep") -> Case:
    return Case(patient=API, lateness=replace(LATE, process=process))


def test_who_was_only_late_on_a_starving_machine_is_waited_for() -> None:
    decision = judged(only_late(), sick_since(1000), now=1010)
    assert decision == Wait(
        until=1012,
        reason="2 of 2 failed probes were only late, while the machine kept tasks waiting 97% of the time; "
        "its main process is asleep",
    )
    assert isinstance(decision, Wait)
    assert (decision.kind, decision.topic) == ("starved", "starved, asleep")


@pytest.mark.parametrize("process", ["stopped", "frozen"])
def test_who_stands_still_is_restarted_on_a_busy_machine(process: str) -> None:
    assert judged(only_late(process)) == Restart(reason=f"unhealthy, and its main process is {process}")


def test_after_its_patience_the_others_are_looked_at() -> None:
    held = judged(only_late(), sick_since(1000), now=1119)
    assert held == Wait(until=1120, reason=LATE.reason)
    assert judged(only_late(), sick_since(1000), now=1121) == Wait(until=1121, reason=LATE.reason)


def test_where_nobody_else_is_probed_patience_ends() -> None:
    alone = Case(patient=API, lateness=replace(LATE, peers=Peers()))
    decision = judged(alone, sick_since(1000), now=1120)
    assert isinstance(decision, Restart)
    assert (decision.lost_patience, decision.kind) == (True, "patience")


def beside(*shares: float) -> Case:
    """One that was only late, and what share of the others' probes passed; a probe of its own began every 4 s."""
    return Case(patient=API, lateness=replace(LATE, peers=Peers(shares=shares, rhythm=4)))


def test_patience_does_not_end_while_the_others_do_no_better() -> None:
    decision = judged(beside(0.03, 0.05), sick_since(1000), now=1200)  # 50 probes, of which 2.5 might have passed
    told = "of 2 others half had 5% of their probes passed meanwhile, or less"
    assert decision == Wait(until=1210, reason=f"{LATE.reason}; {told}")
    assert isinstance(decision, Wait)
    assert (decision.kind, decision.topic) == ("starved", "starved like the others")


def test_patience_ends_where_the_others_do_better() -> None:
    decision = judged(beside(0.2), sick_since(1000), now=1120)  # 30 probes, of which 6 should have passed
    assert isinstance(decision, Restart)
    assert decision.reason.endswith("; of 1 others half had 20% of their probes passed meanwhile, or less")


@pytest.mark.parametrize("process", ["stopped", "frozen"])
def test_who_stands_still_is_restarted_however_the_others_do(process: str) -> None:
    halted = beside(0.0)
    assert halted.lateness
    decision = judged(replace(halted, lateness=replace(halted.lateness, process=process)), sick_since(1000), now=1200)
    assert isinstance(decision, Restart)


def test_a_dependency_that_is_down_comes_before_starvation() -> None:
    seen = replace(case(replace(REDIS, status="paused")), lateness=LATE)
    assert judged(seen) == Wait(until=1100, reason="dependency redis is paused")


def test_a_restart_is_held_back_while_the_budget_is_used_up() -> None:
    settings = Settings(budget_restarts=2, budget_refill_seconds=10)
    assert policy.out_of_budget(Budget(spent=1, at=1000), 1000, settings) is None
    assert policy.out_of_budget(Budget(spent=2, at=1000), 1004, settings) == Wait(
        until=1010,
        reason="the budget of restarts is used up: 2 for the whole stack, and one more every 10 s",
    )


def test_a_half_way_restart_is_finished_after_a_growing_wait() -> None:
    memory = policy.restarting(sick_since(990), Restart(reason=""), now=1000)
    half_way = "stopped by a restart that failed half-way"
    wait = Wait(until=1002, reason=f"{half_way}; back-off of 2 s, restarts in a row: 1")
    assert policy.finish(memory, 1001, SETTINGS) == wait
    decision = policy.finish(memory, 1002, SETTINGS)
    assert decision == Restart(reason=half_way)
    memory = policy.restarting(memory, decision, now=1002)
    wait = Wait(until=1006, reason=f"{half_way}; back-off of 4 s, restarts in a row: 2")
    assert policy.finish(memory, 1003, SETTINGS) == wait


def sick_since(moment: float) -> Memory:
    return Memory(started_at=STARTED, sick_since=moment)


def doubt_ends(seen: Case) -> float | None:
    """When a dependency that might be at fault excuses nobody any more, if it ever did; sick since 1000."""
    now, doubt = 1000.0, "may be the fault of redis"
    while now < 2000 and judged(seen, sick_since(1000), now) == Wait(until=now + 0.5, reason=doubt):
        now += 0.5
    return now if now > 1000 and isinstance(judged(seen, sick_since(1000), now), Restart) else None
