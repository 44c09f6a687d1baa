"""Faults of a container: frozen whole, hung, without pids or files, cut off, without its probe."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import datetime

from checks.faults import host
from checks.subject.stack import Stack
from stack.driver.containers import search_path_of


def frozen_whole(stack: Stack, service: str) -> AbstractContextManager[datetime]:
    """Everything in the service's container frozen, what is started there later included; yields since when.

    By the cgroup freezer, past Docker, which knows nothing of it: SIGSTOP would miss the probe that Docker starts next.
    """
    return _injected(stack, service, "freeze")


def hung(stack: Stack, service: str) -> AbstractContextManager[datetime]:
    """The service's TCP ports open, its process alive and at work, and no answer: it hears nothing of what it is sent.

    Raises NothingThereError for a service that listens on none.
    """
    return _injected(stack, service, "deafen")


def without_pids(stack: Stack, service: str) -> AbstractContextManager[datetime]:
    """No process or thread can be started in the service's container any more."""
    return _injected(stack, service, "pids")


def without_files(stack: Stack, service: str) -> AbstractContextManager[datetime]:
    """The main process of the service cannot open a file or accept a connection any more."""
    return _injected(stack, service, "files")


def cut_off(stack: Stack, service: str) -> AbstractContextManager[datetime]:
    """The service's network interfaces down, as if somebody had pulled the plug; its loopback stays.

    Not `docker network disconnect`, which is somebody's wish, and which no restart would undo. Raises
    NothingThereError for a service that is on no network.
    """
    return _injected(stack, service, "cut-off")


def without_probe(stack: Stack, service: str) -> AbstractContextManager[datetime]:
    """The program that the health check starts cannot be run any more; raises NothingThereError where there is none."""
    return _injected(stack, service, "cover", *probe_program(stack, service))


def probe_program(stack: Stack, service: str) -> tuple[str, ...]:
    """Where the program that the health check starts may be, by the container's PATH; empty where there is none."""
    search_path = search_path_of(stack.runner.container(service))
    return stack.runner.health_check(service).program(search_path)


@contextmanager
def _injected(stack: Stack, service: str, fault: str, *more: str) -> Iterator[datetime]:
    """The service with a fault of agents/container.py, which sees that it took hold; yields since when.

    A container that nobody restarted meanwhile has it reverted at the end.
    """
    done = host.inject(stack, service, fault, *more)
    try:
        yield done.at
    finally:
        host.revert(stack, service, done)
