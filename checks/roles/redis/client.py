"""Ways to talk to the subject's Redis: as one of its users, or with bytes of one's own."""

import re
from collections.abc import Callable

import redis
from redis.backoff import NoBackoff
from redis.driver_info import DriverInfo
from redis.retry import Retry

from checks.roles.redis.endpoint import address_of
from checks.roles.redis.wire import ANSWER_SECONDS
from checks.subject.compose_files import PROFILE_NAME
from checks.subject.stack import Stack
from stack.driver.errors import SubjectError

FIRST_WORDS = re.compile(r"[^.]{0,200}")  # `DENIED` explains itself at length


def connect(stack: Stack, login: str) -> redis.Redis:
    """A client logged in as a user that the profile names; it never sends a command twice.

    Where the profile names none it comes without a login, as anybody may where Redis lets them; raises SubjectError
    where it does not.
    """
    host, _, port = address_of(stack).partition(":")
    named = login in stack.subject.credentials

    def connected(user: str | None = None, password: str | None = None) -> redis.Redis:
        return redis.Redis(
            host=host,
            port=int(port),
            username=user,
            password=password,
            socket_timeout=ANSWER_SECONDS,
            retry=Retry(NoBackoff(), 0),
            driver_info=DriverInfo(name=None),  # CLIENT SETINFO would be noise in the ACL log
            single_connection_client=True,
            decode_responses=True,
        )

    if named:
        return connected(stack.credentials.login(login).user, stack.credentials.password(login))
    return _let_in(connected, login)


def _let_in(connected: Callable[[], redis.Redis], login: str) -> redis.Redis:
    try:
        client = connected()
        client.ping()
    except (redis.ResponseError, redis.AuthenticationError) as problem:
        said = FIRST_WORDS.match(str(problem))
        raise SubjectError(
            f"Redis lets nobody in without a login ({said and said[0]}), and {PROFILE_NAME} names no"
            f" [credentials.{login}]",
            hint="checks/README.md tells what it is for",
        ) from problem
    return client


def every_command(stack: Stack) -> list[tuple[str, ...]]:
    """Each command and subcommand that the server knows, with as many arguments as it wants at the least.

    With too few, Redis would complain of those before it looks at who is asking.
    """
    with connect(stack, "auditor") as auditor:
        table = auditor.execute_command("COMMAND")
    found: list[tuple[str, ...]] = []
    for name, spec in table.items():
        if spec["subcommands"]:
            found += [_filled(str(sub[0]).split("|"), int(sub[1])) for sub in spec["subcommands"]]
        else:
            found.append(_filled([name], int(spec["arity"])))
    return sorted(found)


def _filled(words: list[str], arity: int) -> tuple[str, ...]:
    return (*words, *["1"] * (abs(arity) - len(words)))
