"""A wrong password, where a service reads it."""

import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

import redis
import requests

from checks.roles.api.client import Items
from checks.roles.load import numbered
from checks.roles.redis.client import connect
from checks.subject.compose_files import PROFILE_NAME
from checks.subject.mutation import rewrite
from checks.subject.roles import Role
from checks.subject.stack import Stack
from stack.driver import wait
from stack.driver.errors import OutOfTimeError, StackError

WRONG = "no password of anybody"
REFUSED_SECONDS = 20.0  # for a restarted service to try to log in


@contextmanager
def wrong_password(stack: Stack, login: str, wrong: str) -> Iterator[datetime]:
    """The api given this in place of the login's password, and restarted to read it; yields when it was.

    The right one is put back at the end, and the api waited for. Raises StackError if Redis was not seen to refuse the
    login: the api gets its password in another way, and nothing is known of what a wrong one does.
    """
    service, right = stack.roles[Role.API], stack.credentials.password(login)
    file = stack.project.directory / stack.credentials.login(login).password_file
    text, since, at = file.read_text(), time.monotonic(), datetime.now(UTC)
    try:
        rewrite(file, text.replace(right, wrong))
        stack.runner.restart(service, and_wait=False)
        refused = wait.until(lambda: _refused(stack, login, since), bool, within=REFUSED_SECONDS, every=0.2)
        if not refused.reached:
            raise OutOfTimeError(
                f"`{service}` was not seen to try another password that was put into {file.name}",
                hint=f"[credentials.{login}] of {PROFILE_NAME} is to name the file that it reads at its start",
            )
        yield at
    finally:
        rewrite(file, text)
        stack.runner.restart(service)


@contextmanager
def revoked(stack: Stack, service: str, login: str) -> Iterator[datetime]:
    """The login's password in the file that the service has mounted replaced by a wrong one; yields since when.

    Raises StackError if the service has no such file, or if Redis still accepts what it holds.
    """
    file = stack.project.directory / stack.credentials.login(login).password_file
    mounted = [Path(str(mount.source)) for mount in stack.runner.container(service).mounts]
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
    return any(
        one["username"] == stack.credentials.login(login).user and one["age-seconds"] < patience for one in refusals
    )
