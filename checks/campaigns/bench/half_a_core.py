"""The service, and other ways to write it, each in a container with half a core, beside the Redis of a fresh stack."""

from __future__ import annotations

import json
import os
import re
import socket
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import redis

from checks.campaigns.bench.probe_cost import Probed
from checks.roles.redis.mutations import redis_service, redis_with
from checks.subject import profile, workspace
from checks.subject.mutation import override
from checks.subject.role_tables import every_role
from checks.subject.roles import Role
from checks.subject.stack import Stack
from stack import SHIPPED
from stack.driver import docker, wait
from stack.driver.errors import StackError
from stack.driver.progress import Progress
from stack.driver.project import seconds_in
from stack.driver.session import Session

CORES = 0.5
OURS = "ours"
WORDS = {
    "earlier": "earlier solution (sync client, h11, access log; everysec)",
    "modern": "plain modern (async client, uvloop, httptools)",
    "nothing-fastapi": "a FastAPI route that does nothing",
    "nothing-starlette": "a Starlette route that does nothing",
    OURS: "**ours**",
}
PORT = 5000
RIVALS = Path(__file__).parent / "rivals"
CLIENT = Path(redis.__file__).parent  # redis-py, which the service's image does not have
COMMANDS = {
    "earlier": ("earlier.py",),
    "modern": ("modern.py",),
    "nothing-fastapi": ("nothing.py", "fastapi"),
    "nothing-starlette": ("nothing.py", "starlette"),
}
REDIS_OF_EARLIER = "redis-earlier"
PROBED, UNPROBED = "probed", "unprobed"  # as the service ships, with its health check and without
NOT_TWICE = {"ports", "container_name", "hostname"}
READY_SECONDS = 30.0
TICKS = os.sysconf("SC_CLK_TCK")
PAGE = os.sysconf("SC_PAGE_SIZE")
ALONE = 'redis-benchmark --user app -a "$PASSWORD" -q -n 100000 -c 32 -r 512'
PER_SECOND = re.compile(r"([\d.]+) requests per second")


@dataclass(frozen=True, kw_only=True)
class Container:
    """One that is asked."""

    name: str
    pid: int
    address: str

    def cpu_seconds(self) -> float:
        """Of its main process, which is its only one."""
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / TICKS

    def resident_bytes(self) -> int:
        return int(Path(f"/proc/{self.pid}/statm").read_text().split()[1]) * PAGE


@contextmanager
def started(progress: Progress, run: Session) -> Iterator[Stack]:
    """A stack with all of them. Nothing is probed and nobody heals while they are measured."""
    progress.say("a stack whose api has half a core, and others beside it")
    subject = replace(profile.read(SHIPPED), roles={role: role for role in every_role()})
    steps = (redis_with("--auto-aof-rewrite-percentage", "0"), _with_probed, _halved, _with_rivals)
    stay = {*COMMANDS, REDIS_OF_EARLIER, PROBED, UNPROBED, Role.API, Role.REDIS}
    with workspace.fresh(subject, progress, run, *steps) as stack:
        for service in set(stack.project.services) - stay:
            stack.runner.stop(service)
        yield stack


def containers(stack: Stack) -> dict[str, Container]:
    """{name: container}, each of which answers."""
    found = {name: _container(stack, name, service=Role.API if name == OURS else name) for name in WORDS}
    for one in found.values():
        if not wait.until(lambda one=one: _answers(one), bool, within=READY_SECONDS).reached:  # type: ignore[misc]
            raise StackError(f"what is to be measured does not answer: {one.name}")
    return found


def probed(stack: Stack) -> Probed:
    """The two that are asked for nothing but their health."""
    interval = stack.project.config["services"][PROBED]["healthcheck"]["interval"]
    with_it, without = (stack.runner.container(name).state.pid or 0 for name in (PROBED, UNPROBED))
    return Probed(with_it=with_it, without=without, interval=seconds_in(interval))


def ceiling(stack: Stack) -> dict[str, float]:
    """What Redis alone does a second, asked by its own benchmark in its own container."""
    asked = {"SET": f"SET item:alone-__rand_int__ {'v' * 100}", "GET": "GET item:alone-__rand_int__"}
    return {kind: _alone(stack, command) for kind, command in asked.items()}


def _alone(stack: Stack, command: str) -> float:
    redis_id = stack.runner.container(stack.roles[Role.REDIS]).id
    password = stack.credentials.password("app")
    code, said = docker.run_inside(redis_id, "sh", "-c", f"{ALONE} {command}", PASSWORD=password)
    told = PER_SECOND.search(said)
    if code != 0 or told is None:
        raise StackError("redis-benchmark could not do its work", details=tuple(said.splitlines()[-3:]))
    return float(told[1])


def _halved(stack: Stack) -> None:
    override(stack, Role.API, cpus=CORES, healthcheck={"interval": "1h"})
    override(stack, Role.REDIS, healthcheck={"interval": "1h"})


def _with_probed(stack: Stack) -> None:
    same = {key: value for key, value in stack.project.config["services"][Role.API].items() if key not in NOT_TWICE}
    services = {PROBED: same, UNPROBED: {**same, "healthcheck": {"disable": True}}}
    stack.project.override(json.dumps({"services": services}))


def _with_rivals(stack: Stack) -> None:
    """Beside the service, on its network and with its credentials; the earlier solution has a Redis as it was."""
    same, own = stack.project.config["services"][Role.API], redis_service(stack)
    command = [*(own.get("command") or ()), "--appendfsync", "everysec", "--appenddirname", "earlier"]
    services = {name: _rival(same, words) for name, words in COMMANDS.items()}
    services["earlier"] = _rival(same, COMMANDS["earlier"], redis_host=REDIS_OF_EARLIER)
    stack.project.override(json.dumps({"services": {**services, REDIS_OF_EARLIER: {**own, "command": command}}}))


def _rival(same: Mapping[str, object], words: tuple[str, ...], redis_host: str = "redis") -> dict[str, object]:
    kept = ("image", "user", "secrets", "networks", "mem_limit", "cap_drop", "security_opt", "read_only", "logging")
    return {
        **{key: same[key] for key in kept if key in same},
        "environment": {"REDIS_HOST": redis_host, "REDIS_USERNAME": "app", "PYTHONPATH": "/client"},
        "entrypoint": ["python3", f"/rivals/{words[0]}", *words[1:]],
        "volumes": [f"{RIVALS}:/rivals:ro", f"{CLIENT}:/client/redis:ro"],
        "healthcheck": {"disable": True},
        "cpus": CORES,
    }


def _container(stack: Stack, name: str, *, service: str) -> Container:
    container = stack.runner.container(service)
    networks = container.network_settings.networks or {}
    address = next(network.ip_address for network in networks.values() if network.ip_address)
    return Container(name=name, pid=container.state.pid or 0, address=address)


def _answers(one: Container) -> bool:
    with closing(socket.socket()) as client:
        client.settimeout(1)
        return client.connect_ex((one.address, PORT)) == 0
