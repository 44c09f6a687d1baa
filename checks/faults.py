"""Faults: break something that runs, prove that it took hold, and put it back."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from stack.driver import Stack
from stack.errors import StackError


@contextmanager
def frozen(stack: Stack, service: str) -> Iterator[datetime]:
    """The main process of the service stopped (SIGSTOP): the port stays open and nothing answers; yields since when.

    A process that nobody restarted meanwhile goes on at the end. Raises StackError if it was not seen stopped, so that
    nothing is concluded from a fault that was none.
    """
    pid = stack.main_process(service)
    if pid == 0:
        raise StackError(f"service `{service}` does not run, so it cannot be frozen")
    seen = stack.signal(pid, signal.SIGSTOP, wanted="T t")
    if seen.state not in {"T", "t"}:
        raise StackError(f"the main process of `{service}` could not be frozen: it is in state {seen.state}")
    try:
        yield seen.at
    finally:
        if stack.main_process(service) == pid:
            stack.signal(pid, signal.SIGCONT, wanted="R S D I")


def killed(stack: Stack, service: str) -> None:
    """The main process of the service gone at once (SIGKILL); raises StackError if it was not seen gone."""
    seen = stack.signal(stack.main_process(service), signal.SIGKILL, wanted="gone Z X")
    if seen.state not in {"gone", "Z", "X"}:
        raise StackError(f"the main process of `{service}` could not be killed: it is in state {seen.state}")
