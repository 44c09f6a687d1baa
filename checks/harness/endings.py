"""How a test ended, from what pytest reports of its phases."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
import redis
import requests

from checks.core.run import Ending, Outcome, Planned, timestamp
from stack.driver.errors import OutOfTimeError

OUR_LIMITS = (OutOfTimeError, TimeoutError, subprocess.TimeoutExpired, requests.Timeout, redis.TimeoutError)

Phase = tuple[pytest.TestReport, Ending]


def ending(call: pytest.CallInfo[None], report: pytest.TestReport) -> Ending:
    """Tell a violation, which only a failed assertion in the check itself is, from everything else."""
    if report.passed:
        return Ending.PASSED
    if report.skipped:
        return Ending.SKIPPED
    if call.when == "call" and call.excinfo and call.excinfo.errisinstance(AssertionError):
        return Ending.VIOLATED
    if call.excinfo and ran_out_of_time(call.excinfo.value):
        return Ending.OUT_OF_TIME
    return Ending.CRASHED


def outcome_of(planned: Planned, phases: list[Phase], *, waiting_seconds: float = 0.0) -> Outcome:
    """Sum up a test: the first phase that did not pass says how it ended."""
    telling = next(((report, how) for report, how in phases if how is not Ending.PASSED), phases[-1])
    seconds = {report.when: report.duration for report, _ in phases}
    return Outcome(
        name=planned.name,
        requirement=planned.requirement,
        kind=planned.kind,
        objects=planned.objects,
        outcome=telling[1],
        seconds=round(seconds.get("call", 0.0), 3),
        setup_seconds=round(seconds.get("setup", 0.0), 3),
        reason=reason_of(*telling),
        start=timestamp(datetime.fromtimestamp(phases[0][0].start, UTC)),
        worker=os.environ.get("PYTEST_XDIST_WORKER"),
        waiting_seconds=round(waiting_seconds, 3),
    )


def reason_of(report: pytest.TestReport, how: Ending) -> str | None:
    """Say in one line why a phase did not pass."""
    if how is Ending.PASSED:
        return None
    if isinstance(report.longrepr, tuple):  # a skip: file, line, reason
        return report.longrepr[2].removeprefix("Skipped: ")
    crash = getattr(report.longrepr, "reprcrash", None)
    lines = (crash.message if crash else report.longreprtext).removeprefix("Failed: ").splitlines()
    said = "; ".join(line.strip() for line in (lines[:1] if how is Ending.VIOLATED else lines[:5]))
    return said if report.when == "call" else f"in {report.when}: {said}"


def ran_out_of_time(problem: BaseException | None) -> bool:
    """Whether a limit of our own is what it came from."""
    return any(isinstance(one, OUR_LIMITS) for one in _chain(problem))


def _chain(problem: BaseException | None) -> Iterator[BaseException]:
    while problem is not None:
        yield problem
        problem = problem.__cause__ or problem.__context__
