"""Commands that start Redis as no stack had them: see the package."""

from dataclasses import replace

from checks.requirements.r4_redis_acl.judge.left_alone import UsersLeftAlone

ALONE = UsersLeftAlone(service="redis", left_running=())

PASSING: tuple[object, ...] = (ALONE,)

FAILING: dict[str, tuple[object, ...]] = {
    "users-left-alone": (replace(ALONE, left_running=("(sleep 900; redis-cli CONFIG SET appendfsync everysec) &",)),),
}

VACUOUS: tuple[object, ...] = (replace(ALONE, service=""),)
