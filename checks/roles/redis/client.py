"""Ways to talk to the subject's Redis: as one of its users, or with bytes of one's own."""

import redis
from redis.backoff import NoBackoff
from redis.driver_info import DriverInfo
from redis.retry import Retry

from checks.roles.redis.wire import ANSWER_SECONDS
from checks.subject.roles import Role
from checks.subject.stack import Stack

PORT = 6379


def connect(stack: Stack, login: str) -> redis.Redis:
    """A client logged in as a user that the profile names; it never sends a command twice."""
    host, _, port = stack.runner.address(stack.roles[Role.REDIS], PORT).partition(":")
    return redis.Redis(
        host=host,
        port=int(port),
        username=stack.credentials.login(login).user,
        password=stack.credentials.password(login),
        socket_timeout=ANSWER_SECONDS,
        retry=Retry(NoBackoff(), 0),
        driver_info=DriverInfo(name=None),  # CLIENT SETINFO would be noise in the ACL log
        single_connection_client=True,
        decode_responses=True,
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
