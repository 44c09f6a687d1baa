"""What must object when a service has no health check, or one that does not tell, or one that tells too much."""

import json

import pytest

from checks.core.evidence import Evidence
from checks.core.registry import objections
from checks.harness.fixtures import Mutated
from checks.requirements.r7_healthchecks import observe
from checks.subject import mutation
from checks.subject.roles import Role
from checks.subject.stack import Mutation, Stack


def health_check(role: Role, **settings: object) -> Mutation:
    """The health check of that service with these settings instead of its own."""
    return lambda stack: stack.project.override(
        json.dumps({"services": {stack.roles[role]: {"healthcheck": settings}}})
    )


no_health_check = health_check(Role.API, disable=True)
ping_without_a_look_at_the_answer = health_check(Role.REDIS, test=["CMD", "redis-cli", "ping"])


looks_at_the_process = health_check(Role.PROMETHEUS, test=["CMD-SHELL", "grep -q '^State:.[RSDI]' /proc/1/status"])
looks_for_a_file = health_check(Role.API, test=["CMD-SHELL", "pgrep python3 >/dev/null && test -f /proc/1/exe"])
a_day_to_start = health_check(Role.REDIS, start_period="24h")  # no failure counts until it was healthy once
hours_until_it_is_found = health_check(Role.API, interval="10m", timeout="10m", retries=10)


def pipe_that_hides_the_status(stack: Stack) -> None:
    """The service's own health check, with what it says sent through a pipe."""
    words = stack.project.config["services"][stack.roles[Role.API]]["healthcheck"]["test"][1:]
    health_check(Role.API, test=["CMD-SHELL", f"{' '.join(words)} | cat"])(stack)


def password_on_the_command_line(stack: Stack) -> None:
    """The health check of Redis with its password as an argument, which `ps` shows for as long as it runs."""
    login = f'--user {stack.credentials.login("health").user} --pass "$$(cat /run/secrets/redis-health-password)"'
    health_check(Role.REDIS, test=["CMD-SHELL", f"redis-cli -e {login} PING"])(stack)


@pytest.mark.mutation(objects="has-a-health-check")
def test_a_service_without_a_health_check_is_noticed(mutated: Mutated, evidence: Evidence) -> None:
    seen = evidence.saw(observe.look_at_probes(mutated(no_health_check)))
    assert objections(seen) == {"has-a-health-check"}


@pytest.mark.mutation(objects="check-can-fail")
def test_a_check_that_always_passes_is_noticed_by_its_looks(mutated: Mutated, evidence: Evidence) -> None:
    seen = evidence.saw(observe.look_at_probes(mutated(mutation.health_check_that_cannot_fail)))
    assert objections(seen) == {"check-can-fail"}


@pytest.mark.mutation(objects="check-sees-errors")
def test_a_check_that_hides_errors_is_noticed_by_its_looks(mutated: Mutated, evidence: Evidence) -> None:
    seen = evidence.saw(observe.look_at_probes(mutated(ping_without_a_look_at_the_answer)))
    assert objections(seen) == {"check-sees-errors"}


@pytest.mark.mutation(objects="check-asks-the-service")
@pytest.mark.parametrize("change", [looks_at_the_process, looks_for_a_file], ids=["process", "file"])
def test_a_check_that_asks_nobody_is_noticed(unstarted: Mutated, evidence: Evidence, change: Mutation) -> None:
    seen = evidence.saw(observe.read_probes(unstarted(change)))
    assert objections(seen) == {"check-asks-the-service"}


@pytest.mark.mutation(objects="found-within-minutes")
@pytest.mark.parametrize("slow", [hours_until_it_is_found, a_day_to_start])
def test_a_check_that_takes_hours_is_noticed(unstarted: Mutated, evidence: Evidence, slow: Mutation) -> None:
    seen = evidence.saw(observe.read_probes(unstarted(slow)))
    assert objections(seen) == {"found-within-minutes"}


@pytest.mark.mutation(objects="red-when-broken")
def test_a_look_at_the_process_misses_a_hang(mutated: Mutated, evidence: Evidence) -> None:
    stack = mutated(looks_at_the_process)
    seen = [evidence.saw(one) for one in observe.silence(stack, [stack.roles[Role.PROMETHEUS]])]
    assert [(one.fault, objections(one)) for one in seen] == [("hung", {"red-when-broken"})]


@pytest.mark.mutation(objects="no-password-in-probe")
def test_a_password_on_the_command_line_is_noticed(mutated: Mutated, evidence: Evidence) -> None:
    seen = evidence.saw(observe.look_at_probes(mutated(password_on_the_command_line)))
    assert objections(seen) == {"no-password-in-probe"}


@pytest.mark.mutation(objects="red-when-broken")
def test_a_pipe_that_hides_the_status_is_noticed(mutated: Mutated, evidence: Evidence) -> None:
    stack = mutated(pipe_that_hides_the_status)
    seen = [evidence.saw(one) for one in observe.freeze(stack, [stack.roles[Role.API]])]
    assert [objections(one) for one in seen] == [{"red-when-broken"}]


@pytest.mark.mutation(objects="red-without-credentials")
def test_a_ping_whose_answer_nobody_reads_is_noticed(mutated: Mutated, evidence: Evidence) -> None:
    seen = [evidence.saw(one) for one in observe.revoke_credentials(mutated(ping_without_a_look_at_the_answer))]
    assert [objections(one) for one in seen] == [{"red-without-credentials"}]


@pytest.mark.mutation(objects="green-when-well")
def test_a_service_that_stays_red_is_noticed(mutated: Mutated, evidence: Evidence) -> None:
    stack = mutated(mutation.never_well_again)
    seen = [evidence.saw(one) for one in observe.freeze(stack, [stack.roles[Role.REDIS]])]
    assert [objections(one) for one in seen] == [{"green-when-well"}]
