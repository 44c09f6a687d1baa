"""Look whether every other Redis of the project wants a login: in files, and by asking it where it runs."""

from contextlib import suppress

from checks.requirements.r4_redis_acl.judge.every_redis import OtherDoors
from checks.roles import every_redis
from checks.roles.redis.acl import account
from checks.roles.redis.configuration import users, with_acl_file
from checks.subject.stack import Files, Stack
from stack.driver.errors import SubjectError


def read_other_doors(files: Files) -> OtherDoors:
    """As files give them users; one of which they do not tell is asked where it runs."""
    found = {}
    for service, why in every_redis.told_by_files(files).items():
        with suppress(SubjectError):
            default = account(users(with_acl_file(files, service))["default"])
            if default.on and default.nopass:
                found[service] = f"{why}, and user default is on without a password"
    return OtherDoors(looked_at=tuple(files.services), open=found)


def knock_at_other_doors(stack: Stack) -> OtherDoors:
    """PING without a login, at every port that listens."""
    places = every_redis.told_by_answers(stack)
    return OtherDoors(
        looked_at=tuple(stack.project.services), open={str(one): f"PING: {one.answer}" for one in places if one.open}
    )
