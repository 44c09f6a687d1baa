"""What only a cluster can show, one after the other on the same swarm; each gives figures and what they are to be."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass
from pathlib import Path

import requests

from checks.campaigns.cluster import load
from checks.campaigns.cluster.nodes import Machine
from stack.driver import docker, helper, wait
from stack.driver.errors import NotHealthyError, StackError
from stack.driver.progress import Progress
from stack.driver.project import ComposeProject
from stack.driver.swarm import deployed, kernel, membership
from stack.ops.rendering import rendered

STACK = "compliance-stack"
REQUESTS = 20_000
BACK_SECONDS = 60.0  # in which what a dead node had is to be back elsewhere, or with the node
SCRAPED_SECONDS = 20.0
UPDATE_LOAD, BAD_LOAD, DEATH_LOAD = 60.0, 60.0, 40.0  # seconds


@dataclass(frozen=True, kw_only=True)
class Figure:
    """Something measured, in words and as a number, and whether it is what it is to be."""

    proof: str
    what: str
    seen: str
    wanted: str
    holds: bool


@dataclass(frozen=True, kw_only=True)
class Ground:
    """What the proofs stand on: a copy of the stack, the swarm, and three images of the api."""

    directory: Path
    machines: Sequence[Machine]
    progress: Progress
    image: str
    next_image: str
    bad_image: str

    def deploy(self, image: str) -> float:
        """Deploy the copy with this image of the api; the seconds until it is healthy."""
        settings = self.directory / ".env"
        lines = [line for line in settings.read_text().splitlines() if not line.startswith("API_IMAGE=")]
        settings.write_text("\n".join([*lines, f"API_IMAGE={image}"]) + "\n")
        project = ComposeProject(self.directory, "compose.yaml", STACK)
        began = time.monotonic()
        deployed.deploy(rendered(project, len(self.machines), kernel.seen()), STACK, self.progress)
        return time.monotonic() - began

    def loaded(self, seconds: float) -> AbstractContextManager[load.Load]:
        """Load on the api for so long, from the node that stays."""
        return load.on(STACK, helper.python_image(), self.machines[0].name, seconds)


def scraped(ground: Ground) -> list[Figure]:
    """Prometheus scrapes each task of the api."""
    tasks = len(_api().running)
    answer = wait.until(
        lambda: _scraped_at(ground.machines[0].engine.address), lambda up: up == tasks, within=SCRAPED_SECONDS
    )
    return [_figure("scraped", "tasks of the api that Prometheus scrapes", answer.value, f"{tasks}", answer.reached)]


def stateless_node_dies(ground: Ground) -> list[Figure]:
    """The node without data dies: its task is back elsewhere; then the node is back."""
    machine = ground.machines[2]
    began = time.monotonic()
    machine.engine.kill()
    moved = wait.until(
        _api, lambda api: api.well and all(one.node != machine.name for one in api.running), within=BACK_SECONDS
    )
    nodes = ", ".join(sorted(one.node for one in moved.value.running))
    found = [_within("node dies", f"its task of the api is healthy elsewhere ({nodes})", moved.seconds, moved.reached)]
    machine.engine.start()
    ready = wait.until(membership.nodes, lambda nodes: all(one.ready for one in nodes), within=BACK_SECONDS)
    found.append(
        _within("node dies", "every node is ready again, since the death", time.monotonic() - began, ready.reached)
    )
    return found


def update_under_load(ground: Ground) -> list[Figure]:
    """The api gets another image while it is used, and nobody notices."""
    with ground.loaded(UPDATE_LOAD) as clients:
        seconds = ground.deploy(ground.next_image)
        updated = _api()
        tally = clients.tally()
    whole = updated.well and updated.image == ground.next_image and seconds < UPDATE_LOAD
    return [
        _figure("update", "both tasks are of the new image, after", f"{seconds:.1f} s", "all", whole),
        *_unnoticed("update", tally),
        _figure("update", "requests meanwhile", f"{tally.requests:,}", f">= {REQUESTS:,}", tally.requests >= REQUESTS),
    ]


def bad_image_under_load(ground: Ground) -> list[Figure]:
    """An image whose health check never passes is taken back by itself, while the old tasks work."""
    before = _api().image
    with ground.loaded(BAD_LOAD) as clients:
        began = time.monotonic()
        try:
            ground.deploy(ground.bad_image)
        except NotHealthyError as problem:
            told = problem.details[0] if problem.details else problem.sentence
        else:
            told = "nothing: the bad image is deployed"
        back = wait.until(_api, lambda api: api.well and api.image == before, within=BACK_SECONDS)
        seconds = time.monotonic() - began
        tally = clients.tally()
    return [
        _figure(
            "bad image", f"rolled back, after {seconds:.1f} s", told, "rollback", "rollback" in told and back.reached
        ),
        *_unnoticed("bad image", tally),
        _figure("bad image", "requests meanwhile", f"{tally.requests:,}", "> 0", tally.requests > 0),
    ]


def node_of_redis_dies(ground: Ground) -> list[Figure]:
    """Nobody can store or read until it is back; then every item that was acknowledged is there."""
    machine = ground.machines[1]
    with ground.loaded(DEATH_LOAD) as clients:
        wait.pause(DEATH_LOAD / 4)
        machine.engine.kill()
        wait.pause(DEATH_LOAD / 4)
        began = time.monotonic()
        machine.engine.start()
        back = wait.until(_all_well, bool, within=BACK_SECONDS)
        seconds = time.monotonic() - began
        tally = clients.tally()
    tried = tally.acknowledged > 0 and tally.failed > 0
    return [
        _within(
            "node of Redis dies", "every service is healthy, since its node was started again", seconds, back.reached
        ),
        _figure("node of Redis dies", "longest time without an answer", f"{tally.longest_gap:.1f} s", "-", holds=True),
        _figure("node of Redis dies", "requests that failed meanwhile", f"{tally.failed:,}", "> 0", tried),
        _figure(
            "node of Redis dies",
            f"lost of {tally.acknowledged:,} acknowledged writes",
            tally.lost,
            "0",
            tally.lost == 0,
        ),
    ]


def leader_dies(ground: Ground) -> list[Figure]:
    """The manager that leads dies: others choose a leader, and go on replacing what ends; then it is back."""
    first, second, _ = ground.machines
    first.engine.kill()
    with second.engine.used():
        led = wait.until(_leader, lambda name: name not in {"", first.name}, within=BACK_SECONDS)
        elsewhere = wait.until(
            _api, lambda api: first.name not in {one.node for one in api.running}, within=BACK_SECONDS
        )
        before = {one.id for one in elsewhere.value.running}
        _kill_a_task(ground.machines[1:])
        healed = wait.until(
            _api, lambda api: api.well and {one.id for one in api.running} != before, within=BACK_SECONDS
        )
        began = time.monotonic()
        first.engine.start()
        back = wait.until(lambda: _all_well() and _asked_again(first.engine.address), bool, within=BACK_SECONDS)
        seconds = time.monotonic() - began
    return [
        _within("leader dies", f"another manager leads ({led.value or 'none'})", led.seconds, led.reached),
        _within("leader dies", "a task of the api that is killed then is replaced", healed.seconds, healed.reached),
        _within("leader dies", "every service answers, since it was started again", seconds, back.reached),
    ]


def _asked_again(address: str) -> bool:
    """Whether Prometheus, which was on the dead node, scrapes again: a new leader takes what ran there for running."""
    with suppress(requests.RequestException):
        return _scraped_at(address) == len(_api().running)
    return False


def _kill_a_task(machines: Sequence[Machine]) -> None:
    """Kill the container of a task of the api on the first of these machines that has one."""
    for machine in machines:
        with machine.engine.used():
            named = f"label=com.docker.swarm.service.name={STACK}_api"
            if found := docker.ask("ps", "--quiet", "--filter", named).split():
                docker.ask("kill", found[0])
                return
    raise StackError("no task of the api runs where a manager is left")


def _leader() -> str:
    """The node that leads, '' while the managers have not agreed on one: then they answer nothing."""
    with suppress(StackError):
        lines = docker.ask("node", "ls", "--format", "{{.Hostname}} {{.ManagerStatus}}").splitlines()
        return next((line.split()[0] for line in lines if line.endswith("Leader")), "")
    return ""


PROOFS: dict[str, Callable[[Ground], list[Figure]]] = {
    "scraped": scraped,
    "node": stateless_node_dies,
    "update": update_under_load,
    "bad-image": bad_image_under_load,
    "redis-node": node_of_redis_dies,
    "leader": leader_dies,
}


def _unnoticed(proof: str, tally: load.Tally) -> list[Figure]:
    failed = f"{tally.failed:,} {dict(tally.reasons) if tally.failed else ''}".strip()
    return [
        _figure(proof, "requests that failed", failed, "0", tally.failed == 0),
        _figure(proof, f"lost of {tally.acknowledged:,} acknowledged writes", tally.lost, "0", tally.lost == 0),
    ]


def _figure(proof: str, what: str, seen: object, wanted: str, holds: bool) -> Figure:
    return Figure(proof=proof, what=what, seen=str(seen), wanted=wanted, holds=holds)


def _within(proof: str, what: str, seconds: float, reached: bool) -> Figure:
    return _figure(proof, what, f"{seconds:.1f} s", f"< {BACK_SECONDS:.0f} s", reached and seconds < BACK_SECONDS)


def _api() -> deployed.Service:
    return next(one for one in deployed.services(STACK) if one.name == "api")


def _all_well() -> bool:
    return all(one.well for one in deployed.services(STACK))


def _scraped_at(address: str) -> int:
    """How many tasks of the api answered Prometheus' last scrape; 0 while Prometheus is not up."""
    with requests.Session() as session:
        session.trust_env = False  # it is on this machine, behind no proxy
        answer = session.get(f"http://{address}:9090/api/v1/query", params={"query": 'up{job="api"} == 1'}, timeout=5)
    answer.raise_for_status()
    return len(answer.json()["data"]["result"])
