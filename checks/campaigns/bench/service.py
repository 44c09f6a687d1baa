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
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from checks.campaigns.bench import half_a_core, probe_cost, scrapes
from checks.campaigns.bench.command import reports_errors
from checks.campaigns.bench.half_a_core import Container
from checks.campaigns.bench.http_load import Job, Kind, asked
from checks.campaigns.bench.probe_cost import ProbeCost
from checks.campaigns.bench.scrapes import Scrapes
from checks.campaigns.bench.service_picture import Bar, as_svg
from stack.driver import engine, session
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
    """Every measurement, what Redis alone can do, and what it costs ours to be watched."""

    measured: tuple[Measured, ...]
    ceiling: Mapping[str, float]
    scrapes: Scrapes
    probe: ProbeCost
    load: float

    @property
    def errors(self) -> int:
        """Of anybody: who refuses is not measured by how fast that is."""
        return sum(one.errors for one in self.measured)

    def rates(self, who: str, kind: Kind) -> list[float]:
        """Requests per second, round by round."""
        return [one.per_second for one in self.of(who, kind)]

    def ratio(self, kind: Kind, to: str) -> float:
        """How many times the requests of another ours answers, the median of the rounds."""
        return round(_ratio(self.rates(half_a_core.OURS, kind), self.rates(to, kind)), 2)

    def p99_ratio(self, kind: Kind, who: str) -> float:
        """The 99th percentile to the earlier solution's, the median of the rounds: no worse is 1 at most."""
        mine, basis = ([one.p99_ms for one in self.of(one_of, kind)] for one_of in (who, EARLIER))
        return round(_ratio(mine, basis), 2)

    def of(self, who: str, kind: Kind) -> list[Measured]:
        return [one for one in self.measured if (one.who, one.kind) == (who, kind)]


@reports_errors
def main() -> int:
    """Print the table and write the files; 1 where anybody answered with an error, or as the error has it."""
    parser = argparse.ArgumentParser(prog="service", description=__doc__)
    parser.add_argument("--rounds", type=int, metavar="N", default=ROUNDS, help=f"(default: {ROUNDS})")
    result = measured(parser.parse_args().rounds)
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
        progress.show("round", "scrapes")
        scraped = scrapes.measured(containers[half_a_core.OURS], CLIENTS)
        progress.show("round", f"health checks, for {probe_cost.SECONDS:.0f} s")
        probe = probe_cost.measured(half_a_core.probed(stack))
    found = [one for one in found if one.round]
    return Result(measured=tuple(found), ceiling=ceiling, scrapes=scraped, probe=probe, load=load)


def order(rounds: int, names: Sequence[str]) -> Iterator[tuple[int, str, Kind]]:
    """(round, who, what), in an order drawn by lot, everybody once for each in a round, SET first for GET to find."""
    drawn = random.Random(SEED)  # noqa: S311 - the same order each time
    for number in range(rounds + 1):
        for kind in reversed(KINDS):
            for who in drawn.sample(names, len(names)):
                yield number, who, kind


def _measure(number: int, container: Container, kind: Kind) -> Measured:
    before = container.cpu_seconds()
    tally = asked(Job(kind=kind, host=container.address, port=half_a_core.PORT, clients=CLIENTS,
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


def as_json(result: Result) -> Mapping[str, object]:
    """The ratios that matter first, then everything that they come from."""
    return {
        "get_vs_earlier": result.ratio("GET", EARLIER),
        "set_vs_earlier": result.ratio("SET", EARLIER),
        "get_vs_noop": result.ratio("GET", NOTHING),
        "set_vs_noop": result.ratio("SET", NOTHING),
        "get_p99_vs_earlier": result.p99_ratio("GET", half_a_core.OURS),
        "set_p99_vs_earlier": result.p99_ratio("SET", half_a_core.OURS),
        "scrape_under_load_vs_get": result.scrapes.to_a_get,
        "health_check_share_of_a_core": result.probe.share,
        "errors": result.errors,
        "scrapes": asdict(result.scrapes),
        "health_check": asdict(result.probe),
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
    return "\n".join([*lines, "", told, "", result.scrapes.told(), "", result.probe.told()])


def _ratio(mine: Sequence[float], basis: Sequence[float]) -> float:
    return statistics.median(one / other for one, other in zip(mine, basis, strict=True))


def _row(result: Result, who: str, words: str) -> str:
    cells = []
    for kind in KINDS:
        rates, basis = result.rates(who, kind), result.rates(EARLIER, kind)
        spread = f"{statistics.median(rates):,.0f} ({min(rates):,.0f} to {max(rates):,.0f})"
        cells.append(f"{spread}, **{_ratio(rates, basis):.1f}**")
    p99, cpu = (
        [statistics.median(getattr(one, name) for one in result.of(who, kind)) for kind in KINDS]
        for name in ("p99_ms", "cpu_us")
    )
    late = ", ".join(f"{ms:.0f} ms **{result.p99_ratio(kind, who):.2f}**" for ms, kind in zip(p99, KINDS, strict=True))
    largest = max(one.resident_mb for kind in KINDS for one in result.of(who, kind))
    return f"| {words} | {' | '.join(cells)} | {late} | {cpu[0]:.0f}, {cpu[1]:.0f} µs | {largest:.0f} MB |"


if __name__ == "__main__":
    sys.exit(main())
