"""What an operator does by hand: stop, pause; and a dependency that is frozen."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

from checks.subject.roles import Role
from checks.subject.stack import Stack
from stack.driver.errors import NothingThereError, OutOfTimeError


@contextmanager
def paused(stack: Stack, *services: str) -> Iterator[datetime]:
    """The services paused by hand (`docker pause`), which is nobody's to undo; they go on at the end.

    Raises StackError for one that was not seen paused.
    """
    try:
        at = datetime.now(UTC)
        for service in services:
            stack.runner.pause(service)
            if (seen := stack.runner.state(service)).status != "paused":
                raise OutOfTimeError(f"service `{service}` could not be paused: it is {seen}")
        yield at
    finally:
        for service in services:
            if stack.runner.state(service).status == "paused":
                stack.runner.unpause(service)


@contextmanager
def dependency_frozen(stack: Stack, service: str) -> Iterator[datetime]:
    """What the service depends on frozen, and not to be healed meanwhile: paused by hand.

    Raises NothingThereError where it depends on nothing, StackError where somebody ended that pause.
    """
    if not (needed := needs(stack, service)):
        raise NothingThereError(f"service `{service}` depends on no other")
    with paused(stack, *needed) as at:
        yield at
        if undone := [name for name in needed if stack.runner.state(name).status != "paused"]:
            raise OutOfTimeError(f"somebody ended the pause of {', '.join(undone)}, so `{service}` was not without it")


def needs(stack: Stack, service: str) -> tuple[str, ...]:
    """What the service depends on, as the Compose file says; the api depends on Redis whatever that says."""
    declared = stack.project.depends_on(service)
    redis_too = (stack.roles[Role.REDIS],) if service == stack.roles[Role.API] else ()
    return tuple(dict.fromkeys((*declared, *redis_too)))


@contextmanager
def stopped_by_hand(stack: Stack, service: str) -> Iterator[datetime]:
    """The same as `stopped`, but yields since when."""
    at = datetime.now(UTC)
    with stopped(stack, service):
        yield at


@contextmanager
def stopped(stack: Stack, service: str) -> Iterator[None]:
    """The service stopped by hand, which nothing undoes; started again at the end, and all of the stack waited for.

    Raises StackError if it was not seen stopped.
    """
    try:
        stack.runner.stop(service)
        if (seen := stack.runner.state(service)).status != "exited":
            raise OutOfTimeError(f"service `{service}` could not be stopped: it is {seen}")
        yield
    finally:
        stack.runner.start(service)
        stack.runner.wait_until_healthy()
