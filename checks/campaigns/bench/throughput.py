"""Acknowledged writes per second under each `appendfsync`, through Redis and the api.

Three fresh stacks that differ in nothing else take turns, so that whatever else the machine does meets all three.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import random
import statistics
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

import redis
import requests

from checks.campaigns.bench.command import clients_of, reports_errors
from checks.campaigns.bench.load_generator import KEYS_EACH, Job, Tally
from checks.requirements.r3_durability.observe import restart
from checks.roles.api.client import port_of
from checks.roles.redis.client import connect
from checks.roles.redis.endpoint import PORT
from checks.roles.redis.mutations import redis_with
from checks.subject import profile, workspace
from checks.subject.roles import Role
from checks.subject.stack import Stack
from stack import SHIPPED
from stack.driver import engine, session
from stack.driver.errors import StackError
from stack.driver.progress import Progress

POLICIES = ("always", "everysec", "no")
BASIS = "everysec"  # what the others are told as a ratio to
ROUNDS = 5
SECONDS = 1.0  # of each measurement, so that `everysec` gets its fsync in each
WARM_UP = 0.3
SEED = 4
SATURATED = 0.8  # of a core: above that the clients may be what limits


@dataclass(frozen=True, kw_only=True)
class Workload:
    """So many clients, each waiting for the answers to what it sent before it sends more."""

    role: Role
    clients: int
    pipelined: int = 1

    def __str__(self) -> str:
        clients = "1 client" if self.clients == 1 else f"{self.clients} clients"
        through = "Redis" if self.role is Role.REDIS else "`POST /set`"
        return f"{through}, {clients}" + (f" x {self.pipelined} pipelined" if self.pipelined > 1 else "")


WORKLOADS = (
    Workload(role=Role.REDIS, clients=1),
    Workload(role=Role.REDIS, clients=50),
    Workload(role=Role.REDIS, clients=50, pipelined=16),
    Workload(role=Role.API, clients=1),
    Workload(role=Role.API, clients=16),
)


@dataclass(frozen=True, kw_only=True)
class Measured:
    """One workload on one stack, once: writes that were acknowledged per second."""

    round: int
    workload: str
    policy: str
    acknowledged: int
    per_second: float
    busy: float


@dataclass(frozen=True, kw_only=True)
class Ground:
    """What it was measured on."""

    engine: str
    kernel: str
    file_system: str
    mount: str
    cores: int
    limits: Mapping[str, str]  # of cores, by service
    load: float  # the machine's load average before it began: others at work show in the spread


@dataclass(frozen=True)
class Bench:
    """A stack under one policy, and a way to ask its Redis what it did."""

    stack: Stack
    auditor: redis.Redis

    def sets(self) -> int:
        """How many SETs Redis has carried out, by its own count."""
        told = self.auditor.info("commandstats").get("cmdstat_set", {})
        return int(told.get("calls", 0)) - int(told.get("failed_calls", 0))

    def keys(self) -> int:
        return int(self.auditor.info("keyspace").get("db0", {}).get("keys", 0))


@reports_errors
def main() -> int:
    """Print the table; 1 if a write was not acknowledged or not carried out, or as the error has it."""
    parser = argparse.ArgumentParser(prog="throughput", description="Acknowledged writes per second")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write every measurement there as well")
    told = parser.parse_args()
    try:
        ground, seen = measured()
    except (redis.RedisError, requests.RequestException) as problem:
        print(f"error: a stack to be measured does not answer as it should: {problem}", file=sys.stderr)
        return 1
    print(table(ground, seen))
    if told.json:
        told.json.write_text(json.dumps({**asdict(ground), "measured": [asdict(one) for one in seen]}, indent=2) + "\n")
    return 0


def measured() -> tuple[Ground, list[Measured]]:
    """Every workload under every policy in every round; a first one warms up and does not count."""
    versions, load = engine.require(), os.getloadavg()[0]
    with Progress() as progress, session.begun() as run, ExitStack() as cleanup:
        benches = {}
        for policy in POLICIES:
            progress.say(f"a stack with `appendfsync {policy}`")
            benches[policy] = cleanup.enter_context(_bench(policy, progress, run))
        ground = _ground(benches[BASIS].stack, versions.engine, load)
        before = {policy: bench.keys() for policy, bench in benches.items()}
        found = []
        for number, workload, policy in order():
            progress.show("round", f"{number} of {ROUNDS}" if number else "to warm up")
            found.append(_measure(benches[policy], number, workload, policy))
        for policy, bench in benches.items():
            _hold_plausible(policy, bench.keys() - before[policy])
    return ground, [one for one in found if one.round]


def order() -> Iterator[tuple[int, Workload, str]]:
    """(round, workload, policy): the policies of a workload one right after another, in an order drawn by lot."""
    drawn = random.Random(SEED)  # noqa: S311 - the same order each time
    for number in range(ROUNDS + 1):
        for workload in drawn.sample(WORKLOADS, len(WORKLOADS)):
            for policy in drawn.sample(POLICIES, len(POLICIES)):
                yield number, workload, policy


@contextmanager
def _bench(policy: str, progress: Progress, run: session.Session) -> Iterator[Bench]:
    """A fresh stack of which only Redis and the api go on running; raises StackError if the policy is another."""
    steps = (redis_with("--appendfsync", policy, "--auto-aof-rewrite-percentage", "0"), _unprobed)
    with workspace.fresh(profile.read(SHIPPED), progress, run, *steps) as stack:
        for service in set(stack.project.services) - {stack.roles[Role.API], stack.roles[Role.REDIS]}:
            stack.runner.stop(service)
        effective = restart.read_settings(stack).values["appendfsync"]
        if effective != policy:
            raise StackError(f"Redis runs with `appendfsync {effective}` where `{policy}` was to be measured")
        progress.say(f"CONFIG GET appendfsync: {effective}")
        with connect(stack, "auditor") as auditor:
            yield Bench(stack, auditor)


def _unprobed(stack: Stack) -> None:
    """No health probe but those of the start: each takes processor time from whoever is just being measured."""
    services = (stack.roles[Role.API], stack.roles[Role.REDIS])
    stack.project.override(json.dumps({"services": {name: {"healthcheck": {"interval": "1h"}} for name in services}}))


def _ground(stack: Stack, version: str, load: float) -> Ground:
    attached = restart.look_into_the_mount(stack)
    specs = {stack.roles[role]: stack.project.config["services"][stack.roles[role]] for role in (Role.API, Role.REDIS)}
    return Ground(
        engine=version,
        kernel=platform.release(),
        file_system=attached.file_system,
        mount=attached.mount,
        cores=len(os.sched_getaffinity(0)),
        limits={service: str(spec["cpus"]) for service, spec in specs.items() if "cpus" in spec},
        load=load,
    )


def _measure(bench: Bench, number: int, workload: Workload, policy: str) -> Measured:
    """Raises StackError where clients and Redis do not agree that each write was acknowledged and carried out."""
    _written_back(bench.stack)
    before = bench.sets()
    job = _job(bench.stack, workload, SECONDS if number else WARM_UP)
    tally = Tally(**clients_of("load_generator", asdict(job)))
    agreed(tally, bench.sets() - before)
    return Measured(
        round=number,
        workload=str(workload),
        policy=policy,
        acknowledged=tally.acknowledged,
        per_second=tally.acknowledged / tally.seconds,
        busy=tally.busy,
    )


def agreed(tally: Tally, carried_out: int) -> None:
    """Raises StackError for a tally that is none of acknowledged writes alone, or not what Redis counted."""
    if tally.refused or not tally.acknowledged:
        told = f"{tally.refused} writes were refused and {tally.acknowledged} acknowledged"
        raise StackError(f"{told}: this is no measure", details=(tally.first_refusal,) if tally.refused else ())
    if carried_out != tally.acknowledged:
        raise StackError(f"{tally.acknowledged} writes were acknowledged, and Redis counted {carried_out} SETs")


def _written_back(stack: Stack) -> None:
    """What the one before left to be written is not to be paid for by this one's fsync."""
    subprocess.run(["sync", "--file-system", str(stack.project.directory)], check=True)


def _job(stack: Stack, workload: Workload, seconds: float) -> Job:
    """The way to the containers themselves: a forwarder or the engine's proxy would be measured as well."""
    service, login = stack.roles[workload.role], stack.credentials.login("app")
    through_redis = workload.role is Role.REDIS
    return Job(
        protocol="redis" if through_redis else "http",
        address=(
            _address(stack, service),
            PORT if through_redis else port_of(stack),
        ),
        clients=workload.clients,
        pipelined=workload.pipelined,
        seconds=seconds,
        prefix=f"{login.keys if through_redis else ''}bench-{workload.role}-{workload.clients}-{workload.pipelined}-",
        user=login.user if through_redis else "",
        password=stack.credentials.password("app") if through_redis else "",
        path=stack.subject.routes.set,
    )


def _address(stack: Stack, service: str) -> str:
    networks = stack.runner.container(service).network_settings.networks or {}
    return next(network.ip_address for network in networks.values() if network.ip_address)


def _hold_plausible(policy: str, grown: int) -> None:
    """Raises StackError where Redis does not hold at least a key of each client, or holds more than they have."""
    clients = sum(workload.clients for workload in WORKLOADS)
    if not clients <= grown <= clients * KEYS_EACH:
        raise StackError(f"{grown} keys were added under `{policy}` by {clients} clients with {KEYS_EACH} keys each")


def table(ground: Ground, seen: Sequence[Measured]) -> str:
    """Markdown: a line per workload, a column per policy, and what has to be known of it."""
    lines = [
        "| acknowledged writes per second | " + " | ".join(f"`{policy}`" for policy in POLICIES) + " |",
        "|---|" + "---|" * len(POLICIES),
    ]
    for workload in map(str, WORKLOADS):
        of_it = [one for one in seen if one.workload == workload]
        lines.append(f"| {workload} | " + " | ".join(cell(of_it, policy) for policy in POLICIES) + " |")
    return "\n".join([*lines, "", *notes(ground, seen)])


def cell(of_workload: Sequence[Measured], policy: str) -> str:
    """'900, ratio 0.33 (0.30 to 0.35)'; of what the ratios are to, the rates: '2,700 (2,500 to 2,800)'."""
    rates = rates_of(of_workload, policy)
    middle = f"{statistics.median(rates):,.0f}"
    if policy == BASIS:
        return f"{middle} ({min(rates):,.0f} to {max(rates):,.0f})"
    basis = rates_of(of_workload, BASIS)
    ratios = [rate / other for rate, other in zip(rates, basis, strict=True)]  # of the same round
    return f"{middle}, ratio **{statistics.median(ratios):.2f}** ({min(ratios):.2f} to {max(ratios):.2f})"


def rates_of(of_workload: Sequence[Measured], policy: str) -> list[float]:
    """Round by round."""
    of_policy = [one for one in of_workload if one.policy == policy]
    return [one.per_second for one in sorted(of_policy, key=lambda one: one.round)]


def notes(ground: Ground, seen: Sequence[Measured]) -> list[str]:
    """What the figures depend on, and which of them the clients may have limited."""
    limits = " and ".join(f"{service} to {cpus}" for service, cpus in ground.limits.items())
    where = (
        f"Data on a {ground.mount} mount, {ground.file_system}; kernel {ground.kernel}; Docker Engine {ground.engine}"
    )
    cores = f"{ground.cores} cores for all, the clients included; limited in cores: {limits or 'nothing'}"
    found = [
        f"Median of {ROUNDS} rounds of {SECONDS:.0f} s, lowest to highest; ratios are to `{BASIS}` in the same round.",
        f"{where}; {cores}; load average {ground.load:.1f} before.",
    ]
    limited = sorted({f"{one.workload} (`{one.policy}`)" for one in seen if one.busy > SATURATED})
    if limited:
        told = f"The clients used over {SATURATED:.0%} of a core of their own, so the stack may be faster than told"
        found.append(f"{told}: {'; '.join(limited)}.")
    return found


if __name__ == "__main__":
    sys.exit(main())
