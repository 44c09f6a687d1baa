"""The same faults, healed by our healer, by nobody, by polling, and by Swarm.

Prometheus suffers them, as it stands in the Compose file: nobody depends on it. All four take turns in one run, so that
whatever else the machine does meets all of them. Swarm runs on an engine inside a container, on one node.
"""

from __future__ import annotations

import argparse
import json
import signal
import statistics
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

from checks.campaigns.bench.command import reports_errors
from checks.campaigns.fault_matrix.matrix import WORDS, Fault
from checks.faults import dind, host
from checks.requirements.r9_self_healing import mutations
from checks.subject import profile
from checks.subject.roles import Role
from checks.subject.stack import Mutation, Stack
from checks.subject.workspace import fresh
from stack import SHIPPED
from stack.driver import docker, engine, session, wait
from stack.driver.errors import StackError
from stack.driver.labels import Labels
from stack.driver.progress import Progress
from stack.driver.project import Config
from stack.driver.session import Session

TIMES = 5
NEVER = 40.0  # seconds after which nobody is expected to act any more
RUN_SECONDS = 3.0  # of the service before it is hurt
HURTS: dict[Fault, str] = {"frozen-whole": "freeze", "hang": "deafen", "no-pids": "pids"}
FAULTS: tuple[Fault, ...] = ("crash", "frozen", *HURTS)
OURS, NOBODY, POLLING, SWARM = "event-driven healer", "restart policy alone", "polling every 5 s", "Swarm, one node"
SERVICE = "prometheus"
STOP_SECONDS = 1  # that Swarm gives what it replaces: as much as our healer


@dataclass(frozen=True, kw_only=True)
class Keeper:
    """Who keeps the service well, and where its containers are: on the engine that is talked to within `place`."""

    name: str
    labels: Labels
    which: tuple[str, ...]  # labels of its containers
    place: Callable[[], AbstractContextManager[None]] = nullcontext

    def healthy(self) -> dict[tuple[str, str], int]:
        """{(container, when it started): pid}."""
        filters = ("--filter", "health=healthy", *(word for one in self.which for word in ("--filter", f"label={one}")))
        ids = docker.ask("ps", "--quiet", "--no-trunc", *filters).split()
        form = "{{.Id}}|{{.State.StartedAt}}|{{.State.Pid}}"
        rows = [line.split("|") for line in docker.ask("inspect", "--format", form, *ids).splitlines()] if ids else []
        return {(one, at): int(pid) for one, at, pid in rows}


@dataclass(frozen=True, kw_only=True)
class Healed:
    """One fault with one keeper, once: seconds from the fault to healthy in a new start, None if that never came."""

    round: int
    keeper: str
    fault: Fault
    seconds: float | None


@reports_errors
def main() -> int:
    """Print the table; the exit code of the error where it could not be measured, 130 where it was interrupted."""
    parser = argparse.ArgumentParser(prog="checks.campaigns.bench.healers", description=__doc__)
    parser.add_argument("--times", type=int, metavar="N", default=TIMES, help=f"of each cell (default: {TIMES})")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write every measurement there as well")
    asked = parser.parse_args()
    seen = measured(asked.times)
    print(table(seen))
    if asked.json:
        asked.json.write_text(json.dumps([asdict(one) for one in seen], indent=2) + "\n")
    return 0


def measured(times: int) -> list[Healed]:
    """Every fault with every keeper, round by round; what nobody heals is seen once."""
    engine.require()
    found: list[Healed] = []
    with Progress() as progress, session.begun() as run, ExitStack() as cleanup:
        keepers = [cleanup.enter_context(one) for one in _keepers(progress, run)]
        for number in range(1, times + 1):
            for fault in FAULTS:
                progress.show("round", f"{number} of {times}: {WORDS[fault]}")
                for keeper in keepers:
                    if number == 1 or not _given_up(found, keeper, fault):
                        found.append(_healed(number, keeper, fault))
    return found


def _given_up(found: Sequence[Healed], keeper: Keeper, fault: Fault) -> bool:
    return any((one.keeper, one.fault, one.seconds) == (keeper.name, fault, None) for one in found)


def _keepers(progress: Progress, run: Session) -> Iterator[AbstractContextManager[Keeper]]:
    yield _compose(OURS, _without_back_off, progress, run)
    yield _compose(NOBODY, mutations.no_healer, progress, run)
    yield _compose(POLLING, mutations.polling_healer, progress, run)
    yield swarm(progress, run)


@contextmanager
def _compose(name: str, mutation: Mutation, progress: Progress, run: Session) -> Iterator[Keeper]:
    """A fresh stack of which only Prometheus, and whoever heals it, go on running."""
    progress.say(f"a stack for: {name}")
    with fresh(profile.read(SHIPPED), progress, run, mutation) as stack:
        service = stack.roles[Role.PROMETHEUS]
        holders = stack.project.mounting_a_socket()
        healers = {*holders, *stack.project.asking_through(holders)}
        for one in stack.project.services:
            if one != service and one not in healers:
                stack.runner.stop(one)
        which = (f"com.docker.compose.project={stack.project.name}", f"com.docker.compose.service={service}")
        yield Keeper(name=name, labels=stack.project.labels, which=which)


def _without_back_off(stack: Stack) -> None:
    """Every fault is to be the healer's first: one that comes soon after another would be held back."""
    stack.project.override('services: { healer: { environment: { HEALER_BACKOFF_RESET_SECONDS: "1" } } }')


@contextmanager
def swarm(progress: Progress, run: Session) -> Iterator[Keeper]:
    """Prometheus as a service of a swarm, with the health check that the Compose file gives it."""
    progress.say(f"an engine for: {SWARM}")
    project = f"{run.name}-swarm"
    with fresh(profile.read(SHIPPED), progress, run, started=False) as stack:
        service = stack.roles[Role.PROMETHEUS]
        spec, image = stack.project.config["services"][service], stack.runner.images[service].reference
        with dind.begun(run.labels(project), run.folder, [image]) as found:
            with found.used():
                docker.ask("swarm", "init", "--advertise-addr", "127.0.0.1")
                docker.ask("service", "create", "--detach", *_as_words(spec), image, *spec["command"])
            which = (f"com.docker.swarm.service.name={SERVICE}",)
            yield Keeper(name=SWARM, labels=run.labels(project), which=which, place=found.used)


def _as_words(spec: Config) -> list[str]:
    """The same of a service as options of `docker service create`."""
    check = spec["healthcheck"]
    mounts = [f"type=bind,source={one['source']},target={one['target']},readonly"
              for one in spec["volumes"] if one["type"] == "bind"]  # fmt: skip
    return [
        "--name", SERVICE, "--user", spec["user"], "--entrypoint", " ".join(spec["entrypoint"]),
        *(word for mount in mounts for word in ("--mount", mount)),
        "--mount", "type=volume,target=/prometheus",
        "--health-cmd", " ".join(check["test"][1:]), "--health-interval", check["interval"],
        "--health-timeout", check["timeout"], "--health-retries", str(check["retries"]),
        "--health-start-period", check["start_period"], "--health-start-interval", check["start_interval"],
        "--restart-condition", "any", "--restart-delay", "1s", "--stop-grace-period", f"{STOP_SECONDS}s",
    ]  # fmt: skip


def _healed(number: int, keeper: Keeper, fault: Fault) -> Healed:
    """Hurt the service once it has run for a while, wait until it is well anew, and put back what nobody healed."""
    with keeper.place():
        before = _well(keeper, lambda seen: len(seen) == 1)
        wait.pause(RUN_SECONDS)
        ((container, _), pid), began = next(iter(before.items())), time.monotonic()
        mend = _hurt(keeper, fault, container, pid)
        anew = wait.until(keeper.healthy, lambda seen: bool(set(seen) - set(before)), within=NEVER)
        seconds = round(time.monotonic() - began, 3) if anew.reached else None
        if not anew.reached:
            mend()
    return Healed(round=number, keeper=keeper.name, fault=fault, seconds=seconds)


def _well(keeper: Keeper, wanted: Callable[[dict[tuple[str, str], int]], bool]) -> dict[tuple[str, str], int]:
    seen = wait.until(keeper.healthy, wanted, within=NEVER)
    if not seen.reached:
        raise StackError(f"Prometheus is not well to begin with ({keeper.name})")
    return seen.value


def _hurt(keeper: Keeper, fault: Fault, container: str, pid: int) -> Callable[[], object]:
    """Hurt the container, and give what puts it back; raises StackError where it did not take hold."""
    match fault:
        case "crash":
            seen = host.send_signal(keeper.labels, pid, signal.SIGKILL, wanted="gone Z X")
            mend: Callable[[], object] = bool
        case "frozen":
            seen = host.send_signal(keeper.labels, pid, signal.SIGSTOP, wanted="T t")
            mend = partial(host.send_signal, keeper.labels, pid, signal.SIGCONT, wanted="R S D I")
        case _:
            return partial(host.revert_in, keeper.labels, host.inject_into(keeper.labels, HURTS[fault], pid, container))
    if seen.state not in {"T", "t", "gone", "Z", "X"}:
        raise StackError(f"Prometheus could not be broken ({fault}): its main process is in state {seen.state}")
    return mend


def table(seen: Sequence[Healed]) -> str:
    """Markdown: a row per fault, a column per keeper, median seconds, and ours as a share of polling's."""
    keepers = (OURS, NOBODY, POLLING, SWARM)
    lines = [f"| healed in s | {' | '.join(keepers)} |", "|---|" + "---|" * len(keepers)]
    for fault in FAULTS:
        row = [_cell([one.seconds for one in seen if (one.keeper, one.fault) == (name, fault)]) for name in keepers]
        lines.append(f"| {WORDS[fault]} | {' | '.join(row)} |")
    rounds = max(one.round for one in seen)
    return "\n".join([*lines, "", f"Median of {rounds} (lowest to highest), each in a new start of Prometheus."])


def _cell(seconds: Sequence[float | None]) -> str:
    came = [one for one in seconds if one is not None]
    if len(came) < len(seconds) or not came:
        return f"never ({NEVER:.0f} s)"
    return f"{statistics.median(came):.1f} ({min(came):.1f} to {max(came):.1f})"


if __name__ == "__main__":
    sys.exit(main())
