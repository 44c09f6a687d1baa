"""Faults: break something that runs, prove that it took hold, and put it back."""

import signal
import stat
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

import redis
import requests

from checks.items import Items, numbered
from checks.logins import connect
from stack import waiting
from stack.driver import Stack
from stack.errors import StackError
from stack.subject import PROFILE_NAME, Role

DETECTION_SLACK = 5.0  # seconds that Docker may find out later than declared: starting a probe takes time as well
WRONG = "no password of anybody"
GONE = "gone Z X"
ENDING_SLACK = 5.0  # for a machine that is busy
REFUSED_SECONDS = 20.0  # for a restarted service to try to log in


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


def ended(stack: Stack, service: str) -> None:
    """The main process of the service asked to end (SIGTERM past Docker); raises StackError if it was not seen gone."""
    patience = stack.stop_grace(service) + ENDING_SLACK
    seen = stack.signal(stack.main_process(service), signal.SIGTERM, wanted=GONE, within=patience)
    if seen.state not in GONE.split():
        raise StackError(f"the main process of `{service}` does not end when it is asked to (SIGTERM)")


def killed(stack: Stack, service: str) -> None:
    """The main process of the service gone at once (SIGKILL); raises StackError if it was not seen gone."""
    seen = stack.signal(stack.main_process(service), signal.SIGKILL, wanted=GONE)
    if seen.state not in GONE.split():
        raise StackError(f"the main process of `{service}` could not be killed: it is in state {seen.state}")


def out_of_memory(stack: Stack, service: str) -> None:
    """The main process of the service killed by the kernel for want of memory; raises StackError if it was not."""
    if not stack.exhaust_memory(stack.main_process(service)):
        raise StackError(f"the kernel did not kill the main process of `{service}` when its memory was used up")


@contextmanager
def stopped(stack: Stack, service: str) -> Iterator[None]:
    """The service stopped by hand, which nothing undoes; started again at the end, and all of the stack waited for.

    Raises StackError if it was not seen stopped.
    """
    try:
        stack.stop(service)
        if (seen := stack.state(service)).status != "exited":
            raise StackError(f"service `{service}` could not be stopped: it is {seen}")
        yield
    finally:
        stack.start(service)
        stack.wait_until_healthy()


@contextmanager
def wrong_password(stack: Stack, login: str, wrong: str) -> Iterator[datetime]:
    """The api given this in place of the login's password, and restarted to read it; yields when it was.

    The right one is put back at the end, and the api waited for. Raises StackError if Redis was not seen to refuse the
    login: the api gets its password in another way, and nothing is known of what a wrong one does.
    """
    service, right = stack.roles[Role.API], stack.password(login)
    file = stack.directory / stack.login(login).password_file
    text, since, at = file.read_text(), time.monotonic(), datetime.now(UTC)
    try:
        rewrite(file, text.replace(right, wrong))
        stack.restart(service, and_wait=False)
        refused = waiting.first(lambda: _refused(stack, login, since), bool, within=REFUSED_SECONDS, every=0.2)
        if not refused.reached:
            raise StackError(
                f"`{service}` was not seen to try another password that was put into {file.name}",
                hint=f"[credentials.{login}] of {PROFILE_NAME} is to name the file that it reads at its start",
            )
        yield at
    finally:
        rewrite(file, text)
        stack.restart(service)


@contextmanager
def revoked(stack: Stack, service: str, login: str) -> Iterator[datetime]:
    """The login's password in the file that the service has mounted replaced by a wrong one; yields since when.

    Raises StackError if the service has no such file, or if Redis still accepts what it holds.
    """
    file = stack.directory / stack.login(login).password_file
    mounted = [Path(str(mount.source)) for mount in stack.container(service).mounts]
    if not any(file.is_relative_to(source) for source in mounted):
        raise StackError(f"service `{service}` does not mount {file.name}, which has the password of `{login}`")
    text, since = file.read_text(), datetime.now(UTC)
    try:
        rewrite(file, WRONG)
        with suppress(redis.AuthenticationError), connect(stack, login) as client:
            client.ping()
            raise StackError(f"Redis still accepts `{login}` with the password that was put into {file.name}")
        yield since
    finally:
        rewrite(file, text)


def _refused(stack: Stack, login: str, since: float) -> bool:
    """Whether Redis refused this login since then (monotonic seconds), as its ACL log says; nudges the api to try."""
    with suppress(requests.RequestException, StackError):  # it may have ended over it
        Items(stack).store(numbered("refused", 1))
    with connect(stack, "auditor") as auditor:
        refusals = [entry for entry in auditor.acl_log() if entry["reason"] == "auth"]
    patience = time.monotonic() - since
    return any(one["username"] == stack.login(login).user and one["age-seconds"] < patience for one in refusals)


def rewrite(path: Path, text: str) -> None:
    """In place: owner and mode stay, for those who read it, and so does the file that a container has mounted."""
    mode = stat.S_IMODE(path.stat().st_mode)
    path.chmod(mode | stat.S_IWUSR)
    path.write_text(text)
    path.chmod(mode)
