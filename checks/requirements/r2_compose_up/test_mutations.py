"""What must object when the stack needs a hand to come up, or to come back, or when too much of it is to be reached."""

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from checks.core.evidence import Evidence
from checks.core.registry import objections
from checks.core.runner import SWARM
from checks.harness.fixtures import Mutated
from checks.requirements.r2_compose_up import observe, observe_swarm
from checks.requirements.r2_compose_up.judge.compose_up import AgainstOriginal
from checks.requirements.r2_compose_up.observe_original import compare_with_original
from checks.subject.mutation import as_it_stands, laid_over, rewrite
from checks.subject.roles import Role
from checks.subject.stack import Files, Mutation, Stack
from checks.subject.standing import standing
from stack.driver.errors import StackError
from stack.driver.project import OVERRIDE_NAME


def service_with(role: Role, **keys: object) -> Mutation:
    return lambda stack: stack.project.override(json.dumps({"services": {stack.roles[role]: keys}}))


image_without_a_version = service_with(Role.REDIS, image="redis:latest")
variable_that_nobody_set = service_with(Role.API, environment={"SABOTAGE": "${SET_BY_HAND_BEFORE_UP}"})
redis_on_a_port_of_the_machine = service_with(Role.REDIS, ports=["127.0.0.1::6379"])


OF_A_PROFILE: dict[str, object] = {"image": "redis:8.0.2", "profiles": ["debug"]}
PRIVILEGES: dict[str, dict[str, object]] = {
    "privileged": {"privileged": True},
    "capability": {"cap_add": ["SYS_ADMIN"]},
    "processes": {"pid": "host"},
    "memory": {"ipc": "host"},
    "users": {"userns_mode": "host"},
    "device": {"devices": ["/dev/sda:/dev/sda"]},
    "unconfined": {"security_opt": ["seccomp:unconfined"]},
    "whole-machine": {"volumes": ["/:/machine:ro"]},
    "engine": {"volumes": ["/var/run/docker.sock:/run/engine.sock:ro"]},
    "jobs-of-root": {"volumes": ["/etc/cron.d:/jobs"]},
    "programs-of-root": {"volumes": ["/usr/local/bin:/programs"]},
    "what-leads-to-jobs": {"volumes": ["/var/spool:/spool"]},
    "bus-of-root": {"volumes": ["/run/dbus/system_bus_socket:/bus:ro"]},
    "profile-that-allows-all": {"security_opt": ['seccomp={"defaultAction": "SCMP_ACT_ALLOW"}']},
    "type-without-confinement": {"security_opt": ["label=type:spc_t"]},
    "device-behind-another": {"devices": ["/dev/dri/../sda:/dev/x"]},
}


REFUSED: dict[str, object] = {"mem_limit": "1g", "cpus": 1, "pids_limit": 9, "scale": 1}
IGNORED: dict[str, object] = {
    "security_opt": ["apparmor=mine"],
    "container_name": "store",
    "restart": "on-failure",
    "shm_size": "1g",
}
PREPARED: dict[str, dict[str, object]] = {  # what a copy has by what was prepared in it, and the original has not
    "command": {"command": ["--appendfsync", "always"]},
    "environment": {"environment": {"HEALER_ONLY": "none"}},
    "address": {"ports": ["127.0.0.1:6380:6379"]},
    "restart": {"restart": "on-failure:9"},
    "health": {"healthcheck": {"interval": "1s"}},
    "image": {"image": "redis:7.2"},
    "root": {"user": "0:0"},
    "memory": {"mem_limit": "3g"},
}


def override_beside_it(original: Path) -> None:
    (original / "compose.override.yaml").write_text('services: { redis: { restart: "no" } }')


def default_that_prepare_changes(original: Path) -> None:
    """`restart` by a variable whose default is a bad one, where the copy was given a good one."""
    text = (original / "compose.yaml").read_text()
    rewrite(original / "compose.yaml", text.replace("restart: unless-stopped", "restart: ${RESTART:-no}"))
    with (original / ".env").open("a") as settings:
        settings.write("FSYNC=everysec\n")


def mounted_file_that_prepare_changes(original: Path) -> None:
    file = original / "redis" / "redis.conf"
    rewrite(file, file.read_text().replace("always", "everysec"))


def mounted_file_that_is_not_copied(original: Path) -> None:
    (original / "prometheus" / "more.yml").write_text("groups: []")


def service_of_a_variable(original: Path) -> None:
    """A service that the original's own `.env` brings up by naming its profile."""
    (original / "compose.override.yaml").write_text("services: { debug: { image: redis:8.0, profiles: [debug] } }")
    with (original / ".env").open("a") as settings:
        settings.write("COMPOSE_PROFILES=debug\n")


ORIGINALS: dict[str, tuple[Callable[[Path], None], str]] = {  # and the place where each is to be seen
    "override": (override_beside_it, "services.redis.restart"),
    "default": (default_that_prepare_changes, "services.api.restart"),
    "changed-file": (mounted_file_that_prepare_changes, "redis/redis.conf"),
    "missing-file": (mounted_file_that_is_not_copied, "prometheus/more.yml"),
    "profile": (service_of_a_variable, "services.debug.image"),
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
@pytest.mark.parametrize("power", PRIVILEGES)
def test_power_over_the_machine_is_noticed(files: Files, evidence: Evidence, power: str) -> None:
    service = files.playing_or_api(Role.REDIS)
    with laid_over(files, services={service: PRIVILEGES[power]}) as sabotaged:
        seen = evidence.saw(observe.read_privileges(sabotaged))
    assert len(seen.held) == 1
    assert seen.held[0].startswith(f"{service} {next(iter(PRIVILEGES[power]))}: ")
    assert objections(seen) == {"no-dangerous-privileges"}


@pytest.mark.mutation(objects="no-dangerous-privileges")
def test_power_of_a_service_of_a_profile_is_noticed(files: Files, evidence: Evidence) -> None:
    with laid_over(files, services={"debug": {**OF_A_PROFILE, "privileged": True}}) as sabotaged:
        assert objections(evidence.saw(observe.read_privileges(sabotaged))) == {"no-dangerous-privileges"}


@pytest.mark.mutation(objects="nothing-else-published")
def test_a_profile_on_the_machines_network_is_noticed(files: Files, evidence: Evidence) -> None:
    with laid_over(files, services={"debug": {**OF_A_PROFILE, "network_mode": "host"}}) as sabotaged:
        assert objections(evidence.saw(observe.read_published(sabotaged))) == {"nothing-else-published"}


@pytest.mark.mutation(objects="published-on-loopback-only")
def test_a_profile_published_everywhere_is_noticed(files: Files, evidence: Evidence) -> None:
    with laid_over(files, services={"debug": {**OF_A_PROFILE, "ports": ["6380:6379"]}}) as sabotaged:
        assert objections(evidence.saw(observe.read_published(sabotaged))) == {"published-on-loopback-only"}


@pytest.mark.mutation(objects="swarm-refuses-no-key")
@pytest.mark.parametrize("key", REFUSED)
def test_a_key_that_swarm_refuses_is_noticed(files: Files, evidence: Evidence, key: str) -> None:
    service = files.playing_or_api(Role.REDIS)
    with laid_over(as_it_stands(files), services={service: {key: REFUSED[key]}}) as sabotaged:
        seen = evidence.saw(observe_swarm.read_stack_keys(sabotaged))
    assert key in seen.refused[service]
    assert objections(seen) == {"swarm-refuses-no-key"}


@pytest.mark.mutation(objects="swarm-ignores-no-key")
@pytest.mark.parametrize("key", IGNORED)
def test_a_key_that_swarm_passes_over_is_noticed(files: Files, evidence: Evidence, key: str) -> None:
    service = files.playing_or_api(Role.REDIS)
    with laid_over(as_it_stands(files), services={service: {key: IGNORED[key]}}) as sabotaged:
        seen = evidence.saw(observe_swarm.read_passed_over(sabotaged))
    assert key in seen.ignored[service]
    assert objections(seen) == {"swarm-ignores-no-key"}


@pytest.mark.mutation(objects="swarm-tries-again")
@pytest.mark.parametrize("policy", ["no", "on-failure:3"])
def test_who_gives_up_waiting_is_noticed(files: Files, evidence: Evidence, policy: str) -> None:
    waiting = next(name for name in files.project.services if files.project.depends_on(name))
    with laid_over(files, services={waiting: {"restart": policy}}) as sabotaged:
        seen = evidence.saw(observe_swarm.read_waiting(sabotaged))
    assert objections(seen) == {"swarm-tries-again"}


@pytest.mark.mutation(objects="redis-on-no-host-port")
def test_redis_on_a_port_of_the_nodes_is_noticed(files: Files, evidence: Evidence) -> None:
    on_swarm = replace(files, subject=replace(files.subject, runner=SWARM))
    with laid_over(on_swarm, services={files.playing_or_api(Role.REDIS): {"ports": ["6379:6379"]}}) as sabotaged:
        assert objections(evidence.saw(observe.read_published(sabotaged))) == {"redis-on-no-host-port"}


@pytest.mark.mutation(objects="copy-as-the-original")
@pytest.mark.parametrize("setting", PREPARED)
def test_a_setting_of_the_copy_alone_is_noticed(
    ready: Stack, original: Files, evidence: Evidence, setting: str
) -> None:
    service, (key, *_) = ready.playing_or_api(Role.REDIS), PREPARED[setting]
    with laid_over(ready, services={service: PREPARED[setting]}) as prepared:
        seen = evidence.saw(compare_with_original(original, prepared))
    assert all(place.startswith(f"services.{service}.{key}") for place in not_excused(seen))
    assert objections(seen) == {"copy-as-the-original"}


@pytest.mark.mutation(objects="copy-as-the-original")
@pytest.mark.parametrize("how", ORIGINALS)
def test_an_original_that_is_another_is_noticed(ready: Stack, evidence: Evidence, tmp_path: Path, how: str) -> None:
    there, (change, place) = tmp_path / "original", ORIGINALS[how]
    shutil.copytree(ready.project.directory, there, ignore=shutil.ignore_patterns(f"{OVERRIDE_NAME}*", "data"))
    change(there)
    subject = replace(ready.subject, compose_file=there / ready.project.file, more_files=None, started_in=None)
    with standing(subject, name="") as found:
        seen = evidence.saw(compare_with_original(found, ready))
    assert place in not_excused(seen)
    assert objections(seen) == {"copy-as-the-original"}


def not_excused(seen: AgainstOriginal) -> list[str]:
    return [one.place for one in seen.differences if not one.why]
