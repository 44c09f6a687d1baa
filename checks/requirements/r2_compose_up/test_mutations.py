"""What must object when the stack needs a hand to come up, or to come back, or when too much of it is to be reached."""

import json
from pathlib import Path

import pytest

from checks.core.evidence import Evidence
from checks.core.registry import objections
from checks.harness.fixtures import Mutated
from checks.requirements.r2_compose_up import observe
from checks.subject.mutation import laid_over
from checks.subject.roles import Role
from checks.subject.stack import Files, Mutation, Stack
from stack.driver.errors import StackError


def service_with(role: Role, **keys: object) -> Mutation:
    return lambda stack: stack.project.override(json.dumps({"services": {stack.roles[role]: keys}}))


image_without_a_version = service_with(Role.REDIS, image="redis:latest")
variable_that_nobody_set = service_with(Role.API, environment={"SABOTAGE": "${SET_BY_HAND_BEFORE_UP}"})
redis_on_a_port_of_the_machine = service_with(Role.REDIS, ports=["127.0.0.1::6379"])


OF_A_PROFILE: dict[str, object] = {"image": "redis:8.0.2", "profiles": ["debug"]}
POWERS: dict[str, dict[str, object]] = {
    "privileged": {"privileged": True},
    "capability": {"cap_add": ["SYS_ADMIN"]},
    "processes": {"pid": "host"},
    "memory": {"ipc": "host"},
    "users": {"userns_mode": "host"},
    "device": {"devices": ["/dev/sda:/dev/sda"]},
    "unconfined": {"security_opt": ["seccomp:unconfined"]},
    "whole-machine": {"volumes": ["/:/machine:ro"]},
    "engine": {"volumes": ["/var/run/docker.sock:/run/engine.sock:ro"]},
}


def data_directory_to_be_opened_by_hand(stack: Stack) -> None:
    """Redis may not write to the directory mounted for its data, as if somebody had to chown it first."""
    mounts = stack.project.config["services"][stack.roles[Role.REDIS]]["volumes"]
    writable = [Path(mount["source"]) for mount in mounts if mount["type"] == "bind" and not mount.get("read_only")]
    if len(writable) != 1:
        raise StackError(f"the mutation needs one directory that Redis writes to, and there are {len(writable)}")
    writable[0].chmod(0o500)


def redis_that_starts_once(stack: Stack) -> None:
    """Redis refuses to start where it was started before, as on a lock file that somebody has to remove."""
    spec = stack.project.config["services"][stack.roles[Role.REDIS]]
    own = [*(spec.get("entrypoint") or ()), *(spec.get("command") or ())]
    once = ["sh", "-c", 'mkdir /data/.started && exec "$$@"', "once", *own]
    service_with(Role.REDIS, entrypoint=once, command=[])(stack)


def api_published_everywhere(stack: Stack) -> None:
    stack.project.override(
        f'services: {{ {json.dumps(stack.roles[Role.API])}: {{ ports: !override ["0.0.0.0::5000"] }} }}'
    )


def healer_on_the_machines_network(stack: Stack) -> None:
    stack.project.override("services: { healer: { network_mode: host } }")


@pytest.mark.mutation(objects="up-from-nothing")
def test_a_step_by_hand_before_the_start_is_noticed(unstarted: Mutated, evidence: Evidence) -> None:
    seen = evidence.saw(observe.come_up_from_nothing(unstarted(data_directory_to_be_opened_by_hand)))
    assert objections(seen) == {"up-from-nothing"}


@pytest.mark.mutation(objects="restart-comes-back")
def test_a_service_that_does_not_start_again_is_noticed(mutated: Mutated, evidence: Evidence) -> None:
    seen = evidence.saw(observe.restart_all(mutated(redis_that_starts_once)))
    assert objections(seen) == {"restart-comes-back"}


@pytest.mark.mutation(objects="down-up-comes-back")
def test_what_is_left_in_the_way_of_the_next_up_is_noticed(mutated: Mutated, evidence: Evidence) -> None:
    seen = evidence.saw(observe.take_down_and_up(mutated(redis_that_starts_once)))
    assert objections(seen) == {"down-up-comes-back"}


@pytest.mark.mutation(objects="config-without-warning")
def test_a_variable_that_nobody_set_is_noticed(unstarted: Mutated, evidence: Evidence) -> None:
    seen = evidence.saw(observe.read_configuration(unstarted(variable_that_nobody_set)))
    assert objections(seen) == {"config-without-warning"}


@pytest.mark.mutation(objects="images-carry-versions")
def test_an_image_without_a_version_is_noticed(unstarted: Mutated, evidence: Evidence) -> None:
    seen = evidence.saw(observe.read_configuration(unstarted(image_without_a_version)))
    assert objections(seen) == {"images-carry-versions"}


@pytest.mark.mutation(objects="published-on-loopback-only")
def test_a_port_published_everywhere_is_noticed(mutated: Mutated, evidence: Evidence) -> None:
    seen = evidence.saw(observe.knock_everywhere(mutated(api_published_everywhere)))
    assert any(knock.answered and knock.address in observe.own_addresses() for knock in seen.knocks)
    assert objections(seen) == {"published-on-loopback-only"}


@pytest.mark.mutation(objects="nothing-else-published")
def test_a_service_on_the_machines_network_is_noticed(mutated: Mutated, evidence: Evidence) -> None:
    seen = evidence.saw(observe.knock_everywhere(mutated(healer_on_the_machines_network)))
    assert objections(seen) == {"nothing-else-published"}


@pytest.mark.mutation(objects="redis-on-no-host-port")
def test_redis_on_a_port_of_the_machine_is_noticed(mutated: Mutated, evidence: Evidence) -> None:
    seen = evidence.saw(observe.knock_everywhere(mutated(redis_on_a_port_of_the_machine)))
    assert objections(seen) == {"redis-on-no-host-port"}


@pytest.mark.mutation(objects="no-dangerous-privileges")
@pytest.mark.parametrize("power", POWERS)
def test_power_over_the_machine_is_noticed(files: Files, evidence: Evidence, power: str) -> None:
    service = files.playing_or_api(Role.REDIS)
    with laid_over(files, services={service: POWERS[power]}) as sabotaged:
        seen = evidence.saw(observe.read_powers(sabotaged))
    assert len(seen.held) == 1
    assert seen.held[0].startswith(f"{service} {next(iter(POWERS[power]))}: ")
    assert objections(seen) == {"no-dangerous-privileges"}


@pytest.mark.mutation(objects="no-dangerous-privileges")
def test_power_of_a_service_of_a_profile_is_noticed(files: Files, evidence: Evidence) -> None:
    with laid_over(files, services={"debug": {**OF_A_PROFILE, "privileged": True}}) as sabotaged:
        assert objections(evidence.saw(observe.read_powers(sabotaged))) == {"no-dangerous-privileges"}


@pytest.mark.mutation(objects="nothing-else-published")
def test_a_profile_on_the_machines_network_is_noticed(files: Files, evidence: Evidence) -> None:
    with laid_over(files, services={"debug": {**OF_A_PROFILE, "network_mode": "host"}}) as sabotaged:
        assert objections(evidence.saw(observe.read_published(sabotaged))) == {"nothing-else-published"}


@pytest.mark.mutation(objects="published-on-loopback-only")
def test_a_profile_published_everywhere_is_noticed(files: Files, evidence: Evidence) -> None:
    with laid_over(files, services={"debug": {**OF_A_PROFILE, "ports": ["6380:6379"]}}) as sabotaged:
        assert objections(evidence.saw(observe.read_published(sabotaged))) == {"published-on-loopback-only"}
