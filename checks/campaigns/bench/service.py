"""The service at half a core against other ways to write it: requests per second, latency, CPU and memory.

`nox -s bench -- service`. All run at the same time, in containers of the same size, and are asked in turn, so that
whatever else the machine does meets all of them. Writes evidence/bench/service.json and service.svg.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import statistics
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from checks.campaigns.bench import half_a_core
from checks.campaigns.bench.command import reports_errors
from checks.campaigns.bench.half_a_core import Container
from checks.campaigns.bench.http_load import Job, Kind, Tally
from checks.campaigns.bench.service_picture import Bar, as_svg
from stack.driver import engine, session
from stack.driver.errors import StackError, last_lines
from stack.driver.progress import Progress

FOLDER = Path("evidence", "bench")
KINDS: tuple[Kind, ...] = ("GET", "SET")
EARLIER, NOTHING = "earlier", "nothing-fastapi"
ROUNDS = 5
SECONDS = 2.0  # of each measurement: twenty periods of the quota
WARM_UP = 2.5  # in which the slowest keeps every item once: GET is to find it
CLIENTS = 32
SEED = 4


@dataclass(frozen=True, kw_only=True)
class Measured:
    """One way to write it, asked for one thing, once."""

    round: int
    who: str
    kind: Kind
    per_second: float
    p50_ms: float
    p99_ms: float
    errors: int
    cpu_us: float  # of the container, for one request
    resident_mb: float
    clients_busy: float


@dataclass(frozen=True, kw_only=True)
class Result:
    """Every measurement, and what Redis alone can do."""

    measured: tuple[Measured, ...]
    ceiling: Mapping[str, float]
    load: float

    @property
    def errors(self) -> int:
        """Of anybody: who refuses is not measured by how fast that is."""
        return sum(one.errors for one in self.measured)

    def rates(self, who: str, kind: Kind) -> list[float]:
        """Round by round."""
        return [one.per_second for one in self.measured if (one.who, one.kind) == (who, kind)]

    def ratio(self, kind: Kind, to: str) -> float:
        """Ours to another, the median of the rounds."""
        pairs = zip(self.rates(half_a_core.OURS, kind), self.rates(to, kind), strict=True)
        return round(statistics.median(ours / other for ours, other in pairs), 2)


@reports_errors
def main() -> int:
    """Print the table and write the files; 1 where anybody answered with an error, or as the error has it."""
    parser = argparse.ArgumentParser(prog="service", description=__doc__)
    parser.add_argument("--rounds", type=int, metavar="N", default=ROUNDS, help=f"(default: {ROUNDS})")
    asked = parser.parse_args()
    result = measured(asked.rounds)
    print(table(result))
    FOLDER.mkdir(parents=True, exist_ok=True)
    (FOLDER / "service.json").write_text(json.dumps(as_json(result), indent=2) + "\n")
    (FOLDER / "service.svg").write_text(as_svg(bars(result)))
    return 1 if result.errors else 0


def measured(rounds: int) -> Result:
    engine.require()
    load = os.getloadavg()[0]
    with Progress() as progress, session.begun() as run, half_a_core.started(progress, run) as stack:
        containers, found = half_a_core.containers(stack), []
        for number, who, kind in order(rounds, list(containers)):
            progress.show("round", f"{number} of {rounds}" if number else "to warm up")
            found.append(_measure(number, containers[who], kind))
        progress.show("round", "Redis alone")
        ceiling = half_a_core.ceiling(stack)
    return Result(measured=tuple(one for one in found if one.round), ceiling=ceiling, load=load)


def order(rounds: int, names: Sequence[str]) -> Iterator[tuple[int, str, Kind]]:
    """(round, who, what), in an order drawn by lot, everybody once for each in a round, SET first for GET to find."""
    drawn = random.Random(SEED)  # noqa: S311 - the same order each time
    for number in range(rounds + 1):
        for kind in reversed(KINDS):
            for who in drawn.sample(names, len(names)):
                yield number, who, kind


def _measure(number: int, container: Container, kind: Kind) -> Measured:
    before = container.cpu_seconds()
    tally = _asked(Job(kind=kind, host=container.address, port=half_a_core.PORT, clients=CLIENTS,
                       seconds=SECONDS if number else WARM_UP))  # fmt: skip
    used = container.cpu_seconds() - before
    return Measured(
        round=number,
        who=container.name,
        kind=kind,
        per_second=round(tally.answered / tally.seconds, 1),
        p50_ms=round(tally.p50 * 1000, 2),
        p99_ms=round(tally.p99 * 1000, 2),
        errors=tally.errors,
        cpu_us=round(used / tally.answered * 1e6, 1),
        resident_mb=round(container.resident_bytes() / 2**20, 1),
        clients_busy=round(tally.busy, 2),
    )


def _asked(job: Job) -> Tally:
    command, told = [sys.executable, "-m", "checks.campaigns.bench.http_load"], json.dumps(asdict(job))
    done = subprocess.run(command, input=told, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise StackError("the clients could not do their work", details=last_lines(done.stderr))
    return Tally(**json.loads(done.stdout))


def as_json(result: Result) -> Mapping[str, object]:
    """The ratios that matter first, then everything that they come from."""
    return {
        "get_vs_earlier": result.ratio("GET", EARLIER),
        "set_vs_earlier": result.ratio("SET", EARLIER),
        "get_vs_noop": result.ratio("GET", NOTHING),
        "set_vs_noop": result.ratio("SET", NOTHING),
        "errors": result.errors,
        "redis_alone_per_second": dict(result.ceiling),
        "cores": half_a_core.CORES,
        "clients": CLIENTS,
        "load_average_before": result.load,
        "measured": [asdict(one) for one in result.measured],
    }


def bars(result: Result) -> list[Bar]:
    """A bar for each way to write it, and each kind of request."""
    found = []
    for who, words in half_a_core.WORDS.items():
        for kind in KINDS:
            rates = result.rates(who, kind)
            middle = statistics.median(rates)
            found.append(Bar(who=words.strip("*"), kind=kind, low=min(rates), middle=middle, high=max(rates)))
    return found


def table(result: Result) -> str:
    """Markdown: a row for each way to write it."""
    head = "| requests per second | GET | SET | p99 GET, SET | CPU per GET, SET | memory |"
    lines = [head, "|---|---|---|---|---|---|"]
    lines += [_row(result, who, words) for who, words in half_a_core.WORDS.items()]
    rounds = max(one.round for one in result.measured)
    alone = " and ".join(f"{rate:,.0f} {kind}" for kind, rate in result.ceiling.items())
    busiest = max(one.clients_busy for one in result.measured)
    told = (
        f"Median of {rounds} rounds of {SECONDS:.0f} s (lowest to highest), {CLIENTS} connections, {half_a_core.CORES}"
        f" cores; in bold the ratio to the earlier solution in the same round. {result.errors} answers were errors."
        f" Redis alone: {alone} per second. The clients used up to {busiest:.0%} of a core; load average"
        f" {result.load:.1f} before."
    )
    return "\n".join([*lines, "", told])


def _row(result: Result, who: str, words: str) -> str:
    cells = []
    for kind in KINDS:
        rates, basis = result.rates(who, kind), result.rates(EARLIER, kind)
        ratio = statistics.median(rate / other for rate, other in zip(rates, basis, strict=True))
        cells.append(f"{statistics.median(rates):,.0f} ({min(rates):,.0f} to {max(rates):,.0f}), **{ratio:.1f}**")
    mine = [one for one in result.measured if one.who == who]
    p99, cpu = (
        ", ".join(f"{statistics.median(getattr(one, name) for one in mine if one.kind == kind):.0f}" for kind in KINDS)
        for name in ("p99_ms", "cpu_us")
    )
    return f"| {words} | {' | '.join(cells)} | {p99} ms | {cpu} µs | {max(one.resident_mb for one in mine):.0f} MB |"


if __name__ == "__main__":
    sys.exit(main())
