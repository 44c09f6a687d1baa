"""Other Redises of a project as no stack had them: see the package."""

from dataclasses import replace

from checks.requirements.r4_redis_acl.judge.every_redis import OtherDoors

CLOSED = OtherDoors(looked_at=("api", "redis", "cache"), open={})

PASSING: tuple[object, ...] = (CLOSED,)

FAILING: dict[str, tuple[object, ...]] = {
    "other-redis-wants-a-login": (
        replace(CLOSED, open={"cache port 6379": "PING: +PONG"}),
        replace(CLOSED, open={"cache": "it runs redis-server, and user default is on without a password"}),
    ),
}

VACUOUS: tuple[object, ...] = (replace(CLOSED, looked_at=()),)
