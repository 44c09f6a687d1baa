"""Faults: break something that runs, prove that it took hold, and put it back."""

import signal
import stat
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

import redis
import requests

from checks.roles.api.client import Items, numbered
from checks.roles.redis.client import connect
from checks.subject.profile import PROFILE_NAME, Role
from stack.driver import wait
from stack.driver.errors import NothingThereError, StackError
from stack.driver.project import Stack

DETECTION_SLACK = 5.0  # seconds that Docker may find out later than declared: starting a probe takes time as well
WRONG = "no password of anybody"
GONE = "gone Z X"
ENDING_SLACK = 5.0  # for a machine that is busy
CRASHES = 3  # in a row, after the first: each has the restart policy hold back for longer
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


def frozen_whole(stack: Stack, service: str) -> AbstractContextManager[datetime]:
    """Everything in the service's container frozen, what is started there later included; yields since when.

    By the cgroup freezer, past Docker, which knows nothing of it: SIGSTOP would miss the probe that Docker starts next.
    """
    return _hurt(stack, service, "freeze")


def hung(stack: Stack, service: str) -> AbstractContextManager[datetime]:
    """The service's TCP ports open, its process alive and at work, and no answer: it hears nothing of what it is sent.

    Raises NothingThereError for a service that listens on none.
    """
    return _hurt(stack, service, "deafen")


def without_pids(stack: Stack, service: str) -> AbstractContextManager[datetime]:
    """No process or thread can be started in the service's container any more."""
    return _hurt(stack, service, "pids")


def without_files(stack: Stack, service: str) -> AbstractContextManager[datetime]:
    """The main process of the service cannot open a file or accept a connection any more."""
    return _hurt(stack, service, "files")


def cut_off(stack: Stack, service: str) -> AbstractContextManager[datetime]:
    """The service's network interfaces down, as if somebody had pulled the plug; its loopback stays.

    Not `docker network disconnect`, which is somebody's wish, and which no restart would undo. Raises
    NothingThereError for a service that is on no network.
    """
    return _hurt(stack, service, "cut-off")


def without_probe(stack: Stack, service: str) -> AbstractContextManager[datetime]:
    """The program that the health check starts cannot be run any more; raises NothingThereError where there is none."""
    return _hurt(stack, service, "cover", *stack.probe_program(service))


@contextmanager
def _hurt(stack: Stack, service: str, what: str, *more: str) -> Iterator[datetime]:
    """The service hurt in one of the ways of stack/hurt.py, which sees that it took hold; yields since when.

    A container that nobody restarted meanwhile is mended at the end.
    """
    done = stack.hurt(service, what, *more)
    try:
        yield done.at
    finally:
        stack.mend(service, done)


@contextmanager
def stalled(stack: Stack, service: str, seconds: float) -> Iterator[datetime]:
    """The main process of the service stopped (SIGSTOP) for so many seconds, which are over when this yields the time.

    It goes on by itself, so nothing is to be done at the end.
    """
    yield stack.hurt(service, "stall", str(seconds)).at


@contextmanager
def paused(stack: Stack, *services: str) -> Iterator[datetime]:
    """The services paused by hand (`docker pause`), which is nobody's to undo; they go on at the end.

    Raises StackError for one that was not seen paused.
    """
    try:
        at = datetime.now(UTC)
        for service in services:
            stack.pause(service)
            if (seen := stack.state(service)).status != "paused":
                raise StackError(f"service `{service}` could not be paused: it is {seen}")
        yield at
    finally:
        for service in services:
            if stack.state(service).status == "paused":
                stack.unpause(service)


@contextmanager
def dependency_frozen(stack: Stack, service: str) -> Iterator[datetime]:
    """What the service depends on frozen, and not to be healed meanwhile: paused by hand.

    Raises NothingThereError where it depends on nothing, StackError where somebody ended that pause.
    """
    if not (needed := needs(stack, service)):
        raise NothingThereError(f"service `{service}` depends on no other")
    with paused(stack, *needed) as at:
        yield at
        if undone := [name for name in needed if stack.state(name).status != "paused"]:
            raise StackError(f"somebody ended the pause of {', '.join(undone)}, so `{service}` was not without it")


def needs(stack: Stack, service: str) -> tuple[str, ...]:
    """What the service depends on, as the Compose file says; the api depends on Redis whatever that says."""
    declared = stack.depends_on(service)
    redis_too = (stack.roles[Role.REDIS],) if service == stack.roles[Role.API] else ()
    return tuple(dict.fromkeys((*declared, *redis_too)))


@contextmanager
def stopped_by_hand(stack: Stack, service: str) -> Iterator[datetime]:
    """The same as `stopped`, but yields since when."""
    at = datetime.now(UTC)
    with stopped(stack, service):
        yield at


def crashing_at_start(stack: Stack, service: str) -> datetime:
    """The service's program crashed, and again at each of its next three starts: bad configuration, then mended.

    Gives the time of the last crash. One that is not started again crashes no more.
    """
    return stack.hurt(service, "crash-at-start", str(CRASHES)).at


def ended(stack: Stack, service: str) -> datetime:
    """The main process of the service asked to end (SIGTERM past Docker); raises StackError if it was not seen gone."""
    patience = stack.stop_grace(service) + ENDING_SLACK
    seen = stack.signal(stack.main_process(service), signal.SIGTERM, wanted=GONE, within=patience)
    if seen.state not in GONE.split():
        raise StackError(f"the main process of `{service}` does not end when it is asked to (SIGTERM)")
    return seen.at


def killed(stack: Stack, service: str) -> datetime:
    """The main process of the service gone at once (SIGKILL); raises StackError if it was not seen gone."""
    seen = stack.signal(stack.main_process(service), signal.SIGKILL, wanted=GONE)
    if seen.state not in GONE.split():
        raise StackError(f"the main process of `{service}` could not be killed: it is in state {seen.state}")
    return seen.at


def out_of_memory(stack: Stack, service: str) -> datetime:
    """The main process of the service killed by the kernel for want of memory; raises StackError if it was not."""
    since = datetime.now(UTC)
    if not stack.exhaust_memory(stack.main_process(service)):
        raise StackError(f"the kernel did not kill the main process of `{service}` when its memory was used up")
    return since


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
        refused = wait.first(lambda: _refused(stack, login, since), bool, within=REFUSED_SECONDS, every=0.2)
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
