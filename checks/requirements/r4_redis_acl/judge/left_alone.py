"""What is asked of the command that starts Redis: that it leaves nothing behind which could change the users."""

from dataclasses import dataclass

from checks.core.registry import judges
from checks.core.verdict import Violation


@dataclass(frozen=True, kw_only=True)
class UsersLeftAlone:
    """What Redis' own command sends into the background, and what health checks change in a Redis.

    '' for a service is that nothing was read.
    """

    service: str
    left_running: tuple[str, ...]


@judges(UsersLeftAlone)
def users_left_alone_violations(seen: UsersLeftAlone) -> list[Violation]:
    rule, wanted = "users-left-alone", "nothing that goes on beside Redis"
    if not seen.service:
        return [Violation(rule, seen="nothing was read", wanted=wanted)]
    return [Violation(rule, seen=list(seen.left_running), wanted=wanted)] if seen.left_running else []
