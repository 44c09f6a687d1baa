"""What the report of a run takes: `nox -s bench -- report [FOLDER] [--times N]`; the newest whole run without a folder.

Measured is the command as people run it, in a process of its own, on a copy of the evidence; and in this process what
it consists of: judging, and each format. The table is written into checks/report/README.md. Ends in 1 where the command
takes longer than is wanted.
"""

from __future__ import annotations

import argparse
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

from checks.campaigns.bench.command import keep, machine, reports_errors, write_down
from checks.core.judging import judged_folder
from checks.core.results import Result
from checks.report.formats import VIEWS
from stack import ROOT
from stack.driver.errors import StackError

EVIDENCE = ROOT / "evidence"
PAGE = ROOT / "checks" / "report" / "README.md"
MARKS = ("<!-- report: by nox -s bench -- report -->", "<!-- end of report -->")
HEAD = "| | seconds, median (lowest to highest) | kB |\n|---|---|---|\n"
TIMES = 7
WANTED_S = 2.0
COMMAND = (sys.executable, "-m", "checks.report")
WHOLE = "`python -m checks.report`, all formats"
PROCESSOR = "what it uses of a processor"


@dataclass(frozen=True, kw_only=True)
class Took:
    """Seconds of something, each time that it was done, and how many bytes came of it."""

    name: str
    seconds: tuple[float, ...]
    size: int | None = None

    @property
    def median(self) -> float:
        return statistics.median(self.seconds)


@reports_errors
def main() -> int:
    """Print the table, and write it."""
    parser = argparse.ArgumentParser(prog="nox -s bench -- report", description=__doc__)
    parser.add_argument("folder", nargs="?", type=Path, help="the evidence of one run")
    parser.add_argument("--times", type=int, default=TIMES)
    named = parser.parse_args()
    folder = (named.folder or newest_whole(EVIDENCE)).resolve()
    with tempfile.TemporaryDirectory(prefix="bench-report-") as aside:
        copy = shutil.copytree(folder, Path(aside, folder.name))
        took = [*of_the_command(copy, named.times), *of_its_parts(copy, named.times)]
    told = table(took, judged_folder(folder))
    print(told, end="")
    write_down(PAGE, told, MARKS)
    keep("report", took=[asdict(one) for one in took])
    return int(took[0].median > WANTED_S)


def newest_whole(evidence: Path) -> Path:
    """The newest run in which every check of every requirement was selected; raises StackError where there is none."""
    for folder in sorted(evidence.glob("*Z"), reverse=True):
        if is_whole(judged_folder(folder)):
            return folder
    raise StackError(f"there is no whole run in {evidence}", hint="`nox -s compliance` makes one; or name a folder")


def is_whole(result: Result) -> bool:
    """Whether it ended, and left out no requirement, and of none a check."""
    ended = result.run is not None and result.run.end is not None
    every = len(result.requirements) == len(result.catalog.requirements)
    return ended and every and all(one.note is None for one in result.requirements)


def of_the_command(folder: Path, times: int) -> Iterator[Took]:
    """The whole of it, by the clock and by the processor; once before that, so that the files are in memory."""
    _command(folder)
    each = [_command(folder) for _ in range(times)]
    size = sum((folder / name).stat().st_size for name in VIEWS)
    yield Took(name=WHOLE, seconds=tuple(clock for clock, _ in each), size=size)
    yield Took(name=PROCESSOR, seconds=tuple(used for _, used in each))


def _command(folder: Path) -> tuple[float, float]:
    began, used = time.monotonic(), _used_by_children()
    done = subprocess.run((*COMMAND, folder), cwd=ROOT, capture_output=True, text=True, check=False)
    clock, used = time.monotonic() - began, _used_by_children() - used
    if done.stderr:
        raise StackError("the report could not be made", details=tuple(done.stderr.splitlines()))
    return clock, used


def _used_by_children() -> float:
    spent = resource.getrusage(resource.RUSAGE_CHILDREN)
    return spent.ru_utime + spent.ru_stime


def of_its_parts(folder: Path, times: int) -> Iterator[Took]:
    """Judging and each format, in a process that has loaded everything."""
    result = judged_folder(folder)
    yield Took(name="of that, to read and judge", seconds=timed(partial(judged_folder, folder), times))
    for name, view in VIEWS.items():
        size = len(view(result).encode())
        yield Took(name=f"`{name}`", seconds=timed(partial(view, result), times), size=size)


def timed(do: Callable[[], object], times: int) -> tuple[float, ...]:
    """Seconds that it took, each time."""
    found = []
    for _ in range(times):
        began = time.monotonic()
        do()
        found.append(time.monotonic() - began)
    return tuple(found)


def table(took: list[Took], result: Result) -> str:
    """Markdown: a row each, what was reported on, and on which machine."""
    checks = sum(len(one.checks) for one in result.requirements)
    told = f"{checks} checks, {len(result.records)} observations, {len(took[0].seconds)} times. {machine()}."
    return f"{HEAD}{''.join(map(row, took))}\n{told}\n"


def row(took: Took) -> str:
    """Of one part."""
    low, high = min(took.seconds), max(took.seconds)
    size = "" if took.size is None else f"{took.size / 1000:.0f}"
    return f"| {took.name} | {took.median:.2f} ({low:.2f} to {high:.2f}) | {size} |\n"


if __name__ == "__main__":
    sys.exit(main())
