"""Ways to talk to the subject's Redis: as one of its users, or with bytes of one's own."""

from collections.abc import Callable, Sequence

import redis
from redis.backoff import NoBackoff
from redis.driver_info import DriverInfo
from redis.retry import Retry

from checks.roles.redis.endpoint import address_of
from checks.roles.redis.own_login import own_login
from checks.roles.redis.wire import ANSWER_SECONDS
from checks.subject.compose_files import PROFILE_NAME
from checks.subject.stack import Stack
from stack.driver.errors import SubjectError


def connect(stack: Stack, login: str) -> redis.Redis:
    """A client logged in as a user that the profile names; it never sends a command twice.

    Where the profile names none it comes without a login, as anybody may where Redis lets them, else with the app's own
    as far as that reaches; raises SubjectError where Redis takes neither.
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
    own = own_login(stack)
    ways = [connected, *([lambda: connected(own.user, own.password)] if own else [])]
    return _let_in(ways, login)


def _let_in(ways: Sequence[Callable[[], redis.Redis]], login: str) -> redis.Redis:
    """By the first that Redis takes: without a login, else with the app's own."""
    said: list[str] = []
    for connected in ways:
        try:
            client = connected()
            client.ping()
        except (redis.ResponseError, redis.AuthenticationError) as problem:
            said.append(str(problem).partition(". ")[0])  # `DENIED` explains itself at length
        else:
            return client
    raise SubjectError(
        f"Redis lets nobody in without a login ({'; '.join(said)}), and {PROFILE_NAME} names no [credentials.{login}]",
        hint="checks/README.md tells what it is for",
    )


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
