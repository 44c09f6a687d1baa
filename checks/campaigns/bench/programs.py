"""On which programs a session spends the processor: `nox -s bench -- programs [SESSION]`, `compliance` without a name.

The kernel's process accounting (acct(2)) writes a record of each process that ends; of those that go on `/proc` tells.
It is one for the whole machine, needs root, and nothing else is to run. The table is written into CONTRIBUTING.md.
"""

from __future__ import annotations

import argparse
import ctypes
import os
import struct
import subprocess
import sys
import tempfile
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from checks.campaigns.bench.command import machine, reports_errors, write_down
from checks.campaigns.bench.gate import PAGE, processor_seconds
from stack import ROOT
from stack.driver.errors import StackError

MARKS = ("<!-- programs: by nox -s bench -- programs -->", "<!-- end of programs -->")
HEAD = "| program | processes that ended | seconds of the processor |\n|---|---|---|\n"
SHOWN = 12
RECORD = struct.Struct("=BBHIIIIIIf8H16s")  # struct acct_v3 of <linux/acct.h>
USER, SYSTEM, NAME = 10, 11, -1  # where in it
TICKS = 100  # a second, in these records, whatever the kernel's own are


@dataclass(kw_only=True)
class Spent:
    """By the name of the program, which the kernel cuts off after 15 characters."""

    seconds: defaultdict[str, float] = field(default_factory=lambda: defaultdict(float))
    ended: Counter[str] = field(default_factory=Counter)


@reports_errors
def main() -> int:
    """Run the session, and write the table; ends as the session does."""
    parser = argparse.ArgumentParser(prog="nox -s bench -- programs", description=__doc__)
    parser.add_argument("session", nargs="?", default="compliance", metavar="SESSION", help="as `nox -l` has them")
    session, used = parser.parse_args().session, processor_seconds()
    with accounted() as records:
        before = going_on()
        code = subprocess.run((sys.executable, "-m", "nox", "-s", session), cwd=ROOT, stdout=sys.stderr).returncode
        spent = read(records.read_bytes())
        for pid, (name, seconds) in going_on().items():
            spent.seconds[name] += seconds - before.get(pid, (name, 0.0))[1]
    told = table(session, spent, processor_seconds() - used)
    print(told, end="")
    write_down(PAGE, told, MARKS)
    return code


@contextmanager
def accounted() -> Iterator[Path]:
    """Have the kernel write a record of each process that ends; raises StackError where it does not."""
    kernel = ctypes.CDLL(None, use_errno=True)
    with tempfile.NamedTemporaryFile() as records:
        if kernel.acct(os.fsencode(records.name)) != 0:
            raise StackError(f"the kernel does not account for processes: {os.strerror(ctypes.get_errno())}")
        try:
            yield Path(records.name)
        finally:
            kernel.acct(None)


def read(records: bytes) -> Spent:
    """Sum up what was written, whole records only."""
    spent = Spent()
    for found in RECORD.iter_unpack(records[: len(records) - len(records) % RECORD.size]):
        name = found[NAME].partition(b"\0")[0].decode("ascii", "replace")
        spent.ended[name] += 1
        spent.seconds[name] += (number(found[USER]) + number(found[SYSTEM])) / TICKS
    return spent


def number(told: int) -> int:
    """A `comp_t`: 13 bits, and how many times 8 they are to be taken."""
    return (told & 0x1FFF) << (3 * (told >> 13))


def going_on() -> dict[int, tuple[str, float]]:
    """{pid: its program, and the seconds that it has used so far} of every process that is there."""
    found = {}
    for place in Path("/proc").glob("[0-9]*/stat"):
        try:
            head, _, rest = place.read_text(errors="replace").rpartition(")")
        except (FileNotFoundError, ProcessLookupError):  # it has just ended, and is in the records
            continue
        user, system = rest.split()[11:13]
        name = head.partition("(")[2]
        found[int(place.parent.name)] = (name, (int(user) + int(system)) / os.sysconf("SC_CLK_TCK"))
    return found


def table(session: str, spent: Spent, whole: float) -> str:
    """Markdown: the dearest programs, all others, and what no process was charged with."""
    dearest = sorted(spent.seconds.items(), key=lambda one: -one[1])
    rows = [(f"`{name}`", spent.ended[name], seconds) for name, seconds in dearest]
    shown, others = rows[:SHOWN], rows[SHOWN:]
    shown.append(("others", sum(row[1] for row in others), sum(row[2] for row in others)))
    shown.append(("in the kernel, for none of them", 0, max(whole - sum(row[2] for row in rows), 0.0)))
    shown.append(("all", sum(row[1] for row in rows), whole))
    lines = [f"| {name} | {ended or ''} | {seconds:.0f} |\n" for name, ended, seconds in shown]
    return f"{HEAD}{''.join(lines)}\n`{session}`: {machine()}; images were there.\n"


if __name__ == "__main__":
    sys.exit(main())
