"""How the benchmarks end as commands, and how they run the clients that load a service."""

import functools
import json
import os
import platform
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from checks.harness.rule_tables import written_into
from stack import ROOT
from stack.driver.errors import StackError, last_lines

INTERRUPTED = 130


def reports_errors(main: Callable[[], int]) -> Callable[[], int]:
    """A problem is told in a sentence on stderr, with its exit code; Ctrl-C and SIGTERM end in 130."""

    @functools.wraps(main)
    def run() -> int:
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        try:
            return main()
        except StackError as problem:
            print(problem, file=sys.stderr)
            return problem.exit_code
        except KeyboardInterrupt:
            return INTERRUPTED

    return run


def clients_of(module: str, job: Mapping[str, object]) -> dict[str, Any]:
    """What clients in a process of their own came to: a module of this package that reads a job and prints a tally.

    Both are JSON; the job goes by stdin, since it may hold a password. Raises StackError where they could not work.
    """
    command = [sys.executable, "-m", f"checks.campaigns.bench.{module}"]
    done = subprocess.run(command, input=json.dumps(job), capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise StackError("the clients could not do their work", details=last_lines(done.stderr))
    tally: dict[str, Any] = json.loads(done.stdout)
    return tally


def write_down(page: Path, table: str, marks: tuple[str, str]) -> None:
    """Put a table into a page of the project, between its marks."""
    page.write_text(written_into(page.read_text("utf-8"), table, marks), "utf-8")


def keep(name: str, **measured: object) -> None:
    """Leave what was measured, and on which machine, as `evidence/bench/NAME.json`."""
    kept = ROOT / "evidence" / "bench" / f"{name}.json"
    kept.parent.mkdir(parents=True, exist_ok=True)
    kept.write_text(json.dumps({"machine": machine(), **measured}, indent=2) + "\n")


def machine() -> str:
    """Cores, kernel and date."""
    cores = len(os.sched_getaffinity(0))
    return f"{cores} cores, {platform.system()} {platform.release()}, {datetime.now(UTC):%d %B %Y}"
