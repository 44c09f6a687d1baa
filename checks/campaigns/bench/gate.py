"""What the gate costs, session by session: `nox -s bench -- gate [SESSION ...]`; all of nox's own without a name.

Counted are seconds, seconds of the processor (of the whole machine: nothing else is to run), the stacks of which
evidence was kept, and the calls of the `docker` program. The table is written into CONTRIBUTING.md.
"""

from __future__ import annotations

import argparse
import os
import shutil
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from checks.campaigns.bench.command import keep, machine, reports_errors, write_down
from stack import ROOT
from stack.driver.errors import EngineError, StackError

PAGE = ROOT / "CONTRIBUTING.md"
MARKS = ("<!-- gate: by nox -s bench -- gate -->", "<!-- end of gate -->")
HEAD = "| session | seconds | seconds of the processor | stacks | calls of `docker` |\n|---|---|---|---|---|\n"
COUNTING = """#!/usr/bin/perl
open(my $calls, ">>", "{calls}");
syswrite($calls, ".");
exec {{ "{docker}" }} "docker", @ARGV;
"""  # no shell: that would say in PWD where it is, whatever it was told


@dataclass(frozen=True, kw_only=True)
class Cost:
    """What one session took; `failed` where it did not end in 0."""

    session: str
    seconds: float
    processor_s: float
    stacks: int
    calls: int
    failed: bool


@reports_errors
def main() -> int:
    """Print each session's cost as it ends, and write the table; 1 where a session failed."""
    parser = argparse.ArgumentParser(prog="nox -s bench -- gate", description=__doc__)
    parser.add_argument("sessions", nargs="*", metavar="SESSION", help="as `nox -l` has them")
    names = parser.parse_args().sessions or selected()
    costs = []
    with counted_calls() as calls:
        for name in names:
            costs.append(cost_of(name, calls))
            print(row(costs[-1]), end="", flush=True)
    write_down(PAGE, table(costs), MARKS)
    keep("gate", sessions=[asdict(one) for one in costs])
    return int(any(one.failed for one in costs))


def selected() -> list[str]:
    """The sessions that nox runs where none is named, in their order."""
    told = subprocess.run((sys.executable, "-m", "nox", "-l"), cwd=ROOT, capture_output=True, text=True, check=True)
    return [line.split()[1] for line in told.stdout.splitlines() if line.startswith("* ")]


@contextmanager
def counted_calls() -> Iterator[Path]:
    """Gives a file that grows by a byte with each call of `docker`, which stands first on the PATH meanwhile."""
    before = os.environ["PATH"]
    if (docker := shutil.which("docker")) is None:
        raise EngineError("there is no `docker` on the PATH", hint="`invoke engine` installs one")
    with tempfile.TemporaryDirectory() as folder:
        calls, counting = Path(folder, "calls"), Path(folder, "docker")
        calls.touch()
        counting.write_text(COUNTING.format(calls=calls, docker=docker))
        counting.chmod(counting.stat().st_mode | stat.S_IXUSR)
        os.environ["PATH"] = f"{folder}{os.pathsep}{before}"
        try:
            yield calls
        finally:
            os.environ["PATH"] = before


def cost_of(session: str, calls: Path) -> Cost:
    """Run a session as anybody does; what it prints goes to stderr."""
    runs, called = _runs(), calls.stat().st_size
    began, used = time.monotonic(), processor_seconds()
    command = (sys.executable, "-m", "nox", "-s", session)
    code = subprocess.run(command, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=sys.stderr).returncode
    return Cost(
        session=session,
        seconds=round(time.monotonic() - began, 1),
        processor_s=round(processor_seconds() - used, 1),
        stacks=sum(len([*run.glob("stacks/*")]) for run in _runs() - runs),
        calls=calls.stat().st_size - called,
        failed=code != 0,
    )


def _runs() -> set[Path]:
    return {path for path in (ROOT / "evidence").glob("*Z") if path.is_dir()}


def processor_seconds() -> float:
    """What all cores together did since the machine started; raises StackError where no kernel tells."""
    try:
        words = Path("/proc/stat").read_text().partition("\n")[0].split()[1:]
    except FileNotFoundError as missing:
        raise StackError("the kernel does not tell what its cores do") from missing
    user, nice, system, _idle, _waiting, *others = (int(word) / os.sysconf("SC_CLK_TCK") for word in words)
    return user + nice + system + sum(others[:3])  # interrupts, soft ones, stolen; guests are in `user`


def table(costs: list[Cost]) -> str:
    """Markdown, with the sum, the machine and the date."""
    whole = Cost(
        session="all",
        seconds=sum(one.seconds for one in costs),
        processor_s=sum(one.processor_s for one in costs),
        stacks=sum(one.stacks for one in costs),
        calls=sum(one.calls for one in costs),
        failed=any(one.failed for one in costs),
    )
    return f"{HEAD}{''.join(map(row, [*costs, whole]))}\n{machine()}; images were there.\n"


def row(cost: Cost) -> str:
    """Of one session."""
    name = f"`{cost.session}`" + (", which failed" if cost.failed else "")
    return f"| {name} | {cost.seconds:.0f} | {cost.processor_s:.0f} | {cost.stacks or ''} | {cost.calls or ''} |\n"


if __name__ == "__main__":
    sys.exit(main())
