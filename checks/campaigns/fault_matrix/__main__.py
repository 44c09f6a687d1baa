"""`python -m checks.campaigns.fault_matrix`: every fault on every service, and how long each took to be well again.

One fresh stack goes through it all, so many times over; a cell that ends in trouble is told and gets another stack. A
service that was restarted rests before it is made sick again: healers hold back where restarts come one upon another.
Exit codes: 0 every cell kept its rules; 1 one did not; 2 a cell could not be evaluated; 3 unusable arguments; 10 a
project asks for more than it may;
130 interrupted.
"""

from __future__ import annotations

import signal
import sys
from pathlib import Path

from checks.campaigns.fault_matrix.matrix import FAULTS, REST, TIMES, Asked, Cell, Ground, measured, tried
from checks.campaigns.fault_matrix.table import as_json, exit_code, table
from checks.core.cli import UNUSABLE, Parser, UnusableError
from checks.harness import trusting
from checks.subject import profile
from checks.subject.profile import Subject
from checks.subject.trust import UntrustedError
from stack import SHIPPED
from stack.driver.errors import SubjectError

INTERRUPTED = 130


def main(arguments: list[str] | None = None) -> int:
    """Print the table, and give the exit code."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        asked = asked_for(arguments)
        tested = profile.read(asked.stack, asked.trust)
        trusting.require(tested)
    except UnusableError as error:
        sys.stderr.write(f"error: {error}\nhint: `nox -s healing -- --times 1 --faults frozen,hang`\n")
        return UNUSABLE
    except (SubjectError, UntrustedError) as error:
        sys.stderr.write(f"{error}\n")
        return error.exit_code
    cells: list[Cell] = []
    ground: list[Ground] = []
    trouble = tried(lambda: _fill_in(asked, tested, ground, cells))
    if cells:
        sys.stdout.write(table(ground[0], cells) + "\n")
    if cells and asked.json:
        asked.json.write_text(as_json(ground[0], cells))
    if trouble:
        sys.stderr.write(f"{trouble}\n")
        return INTERRUPTED if trouble == "interrupted" else 2
    return exit_code(cells)


def asked_for(arguments: list[str] | None) -> Asked:
    """Read the command line; raises UnusableError."""
    parser = Parser(prog="python -m checks.campaigns.fault_matrix", description=__doc__)
    parser.add_argument("--stack", type=Path, metavar="DIR", default=SHIPPED, help="the Compose project to hurt")
    parser.add_argument("--times", type=int, metavar="N", default=TIMES, help=f"of each cell (default: {TIMES})")
    parser.add_argument("--faults", metavar="A,B", default="", help=f"of {', '.join(FAULTS)}")
    parser.add_argument("--services", metavar="X,Y", default="", help="as the Compose file names them")
    told = f"seconds that it is to have run before it is made sick (default: {REST:.0f})"
    parser.add_argument("--rest", type=float, metavar="S", default=REST, help=told)
    parser.add_argument("--json", type=Path, metavar="FILE", help="write everything that was seen there as well")
    trusting.add_options(parser.add_argument)
    given = parser.parse_args(arguments)
    if given.times < 1:
        raise UnusableError("each cell is to be seen once at least")
    named = _words(given.faults)
    if unknown := [name for name in named if name not in FAULTS]:
        raise UnusableError(f"no fault is called {', '.join(unknown)}; there are {', '.join(FAULTS)}")
    return Asked(
        stack=given.stack,
        trust=trusting.given(given),
        times=given.times,
        faults=tuple(fault for fault in FAULTS if fault in named or not named),
        services=_words(given.services),
        rest=given.rest,
        json=given.json,
    )


def _words(text: str) -> tuple[str, ...]:
    return tuple(word.strip() for word in text.split(",") if word.strip())


def _fill_in(asked: Asked, tested: Subject, ground: list[Ground], cells: list[Cell]) -> None:
    for cell in measured(asked, tested, ground):
        cells.append(cell)  # noqa: PERF402 - what was seen until an interrupt is kept


if __name__ == "__main__":
    sys.exit(main())
