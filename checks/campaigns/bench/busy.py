"""`nox -s compliance` beside hogs: how many checks are proven, undecided and violated, and how long it takes.

With `--line` instead: what the machine's pressure is beside as many hogs and nothing else, which is where the line
between idle and starved was found.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from checks.campaigns.bench.command import reports_errors
from checks.core.pressure import Pressure, starved
from checks.harness.pressure import Gauge
from stack import ROOT

CORES = os.cpu_count() or 1
TIMES = (0, 1, 2, 5, 10)
LINE = (0, 1, 2, 5, 10, 20)
MOST = 20  # times as many hogs as cores
WINDOW_SECONDS = 8.0
LONGEST_SECONDS = 3600  # after which a hog ends by itself, whatever became of us
CPU_HOGS = """
import os, signal, sys
for _ in range(int(sys.argv[1]) - 1):
    if os.fork() == 0:
        break
signal.alarm(int(sys.argv[2]))
while True:
    pass
"""
IO_HOG = """
import os, signal, sys
signal.alarm(int(sys.argv[2]))
with open(sys.argv[1], "wb") as file:
    while True:
        file.seek(0)
        file.write(os.urandom(1 << 23))
        os.fsync(file.fileno())
"""


@dataclass(frozen=True, kw_only=True)
class Ran:
    """One run: beside what, and what came of it."""

    beside: str
    seconds: float
    verdicts: Counter[str]
    second_tries: int
    pressure: str


@reports_errors
def main() -> int:
    """Print the table; 130 where it was interrupted."""
    asked = _asked()
    print(_line_table(asked) if asked.line else table(measured(asked)))
    return 0


def _asked() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="checks.campaigns.bench.busy", description=__doc__)
    parser.add_argument("--hogs", type=_times, default=TIMES, metavar="N,N", help="times as many hogs as cores")
    parser.add_argument("--times", type=int, default=1, metavar="N", help="runs of each")
    parser.add_argument("--io", action="store_true", help="beside one that writes and fsyncs as well")
    parser.add_argument("--apart", action="store_true", help="each hog in a session of its own: as many jobs as hogs")
    parser.add_argument("--line", action="store_true", help="measure pressure alone, with no run beside it")
    return parser.parse_args()


def _times(text: str) -> tuple[int, ...]:
    found = tuple(int(one) for one in text.split(","))
    if not all(0 <= one <= MOST for one in found):
        raise argparse.ArgumentTypeError(f"between 0 and {MOST} times as many hogs as cores")
    return found


def measured(asked: argparse.Namespace) -> Iterator[Ran]:
    """Each as often, round by round; told as they come."""
    apart = ", each a job of its own" if asked.apart else ""
    for _ in range(asked.times):
        for each in asked.hogs:
            with cpu_hogs(each * CORES, apart=asked.apart):
                yield _ran(f"{each} CPU hogs a core{apart}" if each else "nothing")
        if asked.io:
            with io_hog():
                yield _ran("an IO hog")


def _ran(beside: str) -> Ran:
    """As anybody runs it: its evidence stays, for who wants to know what was undecided."""
    began = time.monotonic()
    command = (sys.executable, "-m", "nox", "-s", "compliance")
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=sys.stderr) as nox:
        try:
            nox.wait()
        except KeyboardInterrupt:
            nox.send_signal(signal.SIGINT)  # and it is waited for: it tidies up
            raise
    seconds = time.monotonic() - began
    return read(beside, seconds, json.loads((ROOT / "evidence" / "latest" / "report.json").read_text()))


def read(beside: str, seconds: float, report: Mapping[str, Any]) -> Ran:
    """Count what a report holds."""
    checks = [check for requirement in report["requirements"] for check in requirement["checks"]]
    shares = {name: report["run"]["pressure"][name] for name in ("cpu", "io")}
    return Ran(
        beside=beside,
        seconds=seconds,
        verdicts=Counter(str(check["verdict"]) for check in checks),
        second_tries=sum(check["first_try"] is not None for check in checks),
        pressure=", ".join(f"{name} {share:.0%}" for name, share in shares.items() if share is not None),
    )


def table(runs: Iterator[Ran]) -> str:
    """Markdown: a row for each run."""
    head = ("beside", "proven", "undecided", "violated", "second tries", "stall time", "seconds")
    lines = [f"| {' | '.join(head)} |", "|---" * len(head) + "|"]
    for one in runs:
        counts = [one.verdicts[name] for name in ("proven", "undecided", "violated")]
        cells = (one.beside, *counts, one.second_tries, one.pressure, f"{one.seconds:.0f}")
        lines.append(f"| {' | '.join(map(str, cells))} |")
        print(lines[-1], file=sys.stderr, flush=True)
    return "\n".join([*lines, "", _machine()])


def _line_table(asked: argparse.Namespace) -> str:
    head = ("hogs a core", "CPU", "IO", "latest waking of a thread", "starved")
    lines = [f"| {' | '.join(head)} |", "|---" * len(head) + "|"]
    for each in LINE:
        with cpu_hogs(each * CORES, apart=asked.apart):
            lines.append(_row(str(each), window()))
    with io_hog():
        lines.append(_row("an IO hog", window()))
    return "\n".join([*lines, "", _machine()])


def _row(beside: str, seen: Pressure) -> str:
    told = "yes" if starved(seen) else "no"
    return f"| {beside} | {seen.cpu or 0:.1%} | {seen.io or 0:.1%} | {seen.delay_s * 1000:.0f} ms | {told} |"


def window() -> Pressure:
    """What the machine does in a short while."""
    gauge = Gauge()
    try:
        gauge.begin()
        time.sleep(WINDOW_SECONDS)
        return gauge.measured()
    finally:
        gauge.close()


def _machine() -> str:
    return f"{CORES} cores, Linux {os.uname().release}, {time.strftime('%d %B %Y')}."


@contextmanager
def cpu_hogs(count: int, *, apart: bool = False) -> Iterator[None]:
    """So many processes that never wait, in one session, as another job would be, or each in one of its own.

    The kernel's autogroups share the cores between sessions: apart, each hog gets as much as all of ours together.
    """
    groups = [1] * count if apart else [count] * bool(count)
    with _beside([(CPU_HOGS, str(each)) for each in groups]):
        yield


@contextmanager
def io_hog() -> Iterator[None]:
    """A process that writes 8 MB and fsyncs them, over and over."""
    with tempfile.TemporaryDirectory(dir=ROOT) as folder, _beside([(IO_HOG, str(Path(folder) / "hog"))]):
        yield


@contextmanager
def _beside(scripts: Sequence[Sequence[str]]) -> Iterator[None]:
    with ExitStack() as ended:
        for script in scripts:
            command = (sys.executable, "-S", "-c", *script, str(LONGEST_SECONDS))
            hog = subprocess.Popen(command, stdin=subprocess.DEVNULL, start_new_session=True)
            ended.callback(hog.wait)
            ended.callback(os.killpg, hog.pid, signal.SIGKILL)
        yield


if __name__ == "__main__":
    sys.exit(main())
