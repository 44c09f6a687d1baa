"""Faults of a main process: frozen, killed, ended, stalled, out of memory, crashing at its starts."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

from checks.core.bounds import ENDING_SLACK
from checks.faults import host
from checks.subject.stack import Stack
from stack.driver.errors import OutOfTimeError, StackError

GONE = "gone Z X"
CRASHES = 3  # in a row, after the first: each has the restart policy hold back for longer


@contextmanager
def frozen(stack: Stack, service: str) -> Iterator[datetime]:
    """The main process of the service stopped (SIGSTOP): the port stays open and nothing answers; yields since when.

    A process that nobody restarted meanwhile goes on at the end. Raises StackError if it was not seen stopped, so that
    nothing is concluded from a fault that was none.
    """
    pid = host.main_process(stack, service)
    if pid == 0:
        raise StackError(f"service `{service}` does not run, so it cannot be frozen")
    seen = host.send_signal(stack.project.labels, pid, signal.SIGSTOP, wanted="T t")
    if seen.state not in {"T", "t"}:
        raise OutOfTimeError(f"the main process of `{service}` could not be frozen: it is in state {seen.state}")
    try:
        yield seen.at
    finally:
        if host.main_process(stack, service) == pid:
            host.send_signal(stack.project.labels, pid, signal.SIGCONT, wanted="R S D I")


@contextmanager
def stalled(stack: Stack, service: str, seconds: float) -> Iterator[datetime]:
    """The main process of the service stopped (SIGSTOP) for so many seconds, which are over when this yields the time.

    It goes on by itself, so nothing is to be done at the end.
    """
    yield host.inject(stack, service, "stall", str(seconds)).at


def crashing_at_start(stack: Stack, service: str) -> datetime:
    """The service's program crashed, and again at each of its next three starts: bad configuration, then mended.

    Gives the time of the last crash. One that is not started again crashes no more.
    """
    return host.inject(stack, service, "crash-at-start", str(CRASHES)).at


def ended(stack: Stack, service: str) -> datetime:
    """The main process of the service asked to end (SIGTERM past Docker); raises StackError if it was not seen gone."""
    patience = stack.runner.stop_grace(service) + ENDING_SLACK
    seen = host.send_signal(
        stack.project.labels, host.main_process(stack, service), signal.SIGTERM, wanted=GONE, within=patience
    )
    if seen.state not in GONE.split():
        raise OutOfTimeError(f"the main process of `{service}` does not end when it is asked to (SIGTERM)")
    return seen.at


def killed(stack: Stack, service: str) -> datetime:
    """The main process of the service gone at once (SIGKILL); raises StackError if it was not seen gone."""
    seen = host.send_signal(stack.project.labels, host.main_process(stack, service), signal.SIGKILL, wanted=GONE)
    if seen.state not in GONE.split():
        raise OutOfTimeError(f"the main process of `{service}` could not be killed: it is in state {seen.state}")
    return seen.at


def out_of_memory(stack: Stack, service: str) -> datetime:
    """The main process of the service killed by the kernel for want of memory; raises StackError if it was not."""
    since = datetime.now(UTC)
    if not host.exhaust_memory(stack.project.labels, host.main_process(stack, service)):
        raise OutOfTimeError(f"the kernel did not kill the main process of `{service}` when its memory was used up")
    return since
