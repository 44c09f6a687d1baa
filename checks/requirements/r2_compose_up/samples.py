"""Observations for R2 as no stack gave them: see the package."""

from dataclasses import replace

from checks.requirements.r2_compose_up.judge.compose_up import (
    EVERYWHERE,
    AgainstOriginal,
    CameUp,
    Configured,
    Difference,
    Knock,
    Port,
    Privileges,
    Published,
    Reachable,
)
from checks.requirements.r2_compose_up.judge.swarm import PassedOver, StackKeys, Waiting

FIRST = CameUp(
    after="nothing",
    before=(),
    said=(),
    health={"api": "healthy", "redis": "healthy"},
    anew={"api": True, "redis": True},
    phases={"up": 3.5},
)
RESTARTED = replace(FIRST, after="restart")
DOWN_UP = replace(FIRST, after="down")
SAID = ("stack `checks-1` is not healthy", "redis: exited (exit code 1): Permission denied")
CONFIGURED = Configured(
    warnings=(),
    images={
        "api": "compliance-api:c054f3de793f",
        "redis": "registry.example:5000/library/redis:8.0",
        "prometheus": "prom/prometheus@sha256:" + 64 * "0",
    },
)
API = Port(service="api", port="5000/tcp", address="127.0.0.1")
OUTSIDE = "192.0.2.2"
REACHABLE = Reachable(
    redis="redis",
    declared=(API, replace(API, service="prometheus", port="9090/tcp", address="::1")),
    running=(API,),
    exposed=(),
    knocks=(
        Knock(service="api", address="127.0.0.1", answered=True),
        Knock(service="api", address=OUTSIDE, answered=False),
    ),
)
PUBLISHED = Published(redis="redis", services=("api", "redis"), ports=REACHABLE.declared, exposed=())
PRIVILEGES = Privileges(asked="files", services=("api", "redis"), held=(), watching=())
EXCUSED = Difference(
    place="services.redis.image",
    original="redis:8.0",
    copy="compliance-redis:8.0-debian13",
    why="another build of the same image",
)
KEYS = StackKeys(services=("api", "redis"), refused={}, said="")
PASSED_OVER = PassedOver(services=("api", "redis"), ignored={}, untranslated=("api security_opt",))
WAITING = Waiting(restarts={"api": "any", "migration": "on-failure"})
SAME = AgainstOriginal(
    project="shop", files=("compose.yaml",), profiled=(), prepared="", settings=200, copied=7, differences=()
)

PASSING: tuple[object, ...] = (
    replace(CONFIGURED, images=dict(CONFIGURED.images, api="")),
    FIRST,
    RESTARTED,
    DOWN_UP,
    CONFIGURED,
    REACHABLE,
    PUBLISHED,
    replace(PUBLISHED, redis="", ports=()),
    replace(PUBLISHED, by="swarm", ports=(replace(API, address=EVERYWHERE),)),
    replace(REACHABLE, by="swarm", declared=(replace(API, address=EVERYWHERE),)),
    KEYS,
    PASSED_OVER,
    WAITING,
    replace(REACHABLE, profiled=(replace(API, service="debug"),)),
    SAME,
    replace(SAME, prepared="make settings", differences=(EXCUSED,)),
    PRIVILEGES,
    replace(PRIVILEGES, asked="containers", services=("cadvisor",), watching=("cadvisor privileged: True",)),
)


def not_coming(seen: CameUp) -> tuple[CameUp, ...]:
    return (
        replace(seen, said=SAID, health={"api": "created", "redis": "restarting"}),
        replace(seen, health=dict(seen.health, redis="unhealthy")),
        replace(seen, before=("container checks-1-api-1",)),
    )


FAILING: dict[str, tuple[object, ...]] = {
    "up-from-nothing": not_coming(FIRST),
    "restart-comes-back": (*not_coming(RESTARTED), replace(RESTARTED, anew={"api": True, "redis": False})),
    "down-up-comes-back": (*not_coming(DOWN_UP), replace(DOWN_UP, before=("network checks-1_backend",))),
    "config-without-warning": (
        replace(CONFIGURED, warnings=('"The \\"X\\" variable is not set."',)),
        replace(CONFIGURED, warnings=("services.api Additional property foo is not allowed",), images={}),
    ),
    "images-carry-versions": tuple(
        replace(CONFIGURED, images=dict(CONFIGURED.images, redis=reference))
        for reference in (
            "redis",
            "redis:latest",
            "redis:alpine3.20",
            "registry.example:5000/redis",
            "redis@sha256:0123",
        )
    ),
    "published-on-loopback-only": (
        replace(PUBLISHED, ports=(API, replace(API, address="::"))),
        replace(REACHABLE, declared=(replace(API, address=EVERYWHERE),)),
        replace(REACHABLE, running=(replace(API, address="::"),)),
        replace(REACHABLE, profiled=(replace(API, address=EVERYWHERE),)),
        replace(REACHABLE, running=(replace(API, address=OUTSIDE),)),
        replace(REACHABLE, knocks=(*REACHABLE.knocks, Knock(service="api", address="2001:db8::2", answered=True))),
        replace(REACHABLE, knocks=(*REACHABLE.knocks, Knock(service="api", address="127.0.0.1", answered=False))),
    ),
    "nothing-else-published": (
        replace(PUBLISHED, exposed=("api",)),
        replace(PUBLISHED, by="swarm", exposed=("api",)),
        replace(REACHABLE, running=(API, replace(API, port="5001/tcp"))),
        replace(REACHABLE, exposed=("prometheus",)),
        replace(REACHABLE, by="swarm", exposed=("prometheus",)),
    ),
    "redis-on-no-host-port": (
        replace(PUBLISHED, redis="api"),
        replace(PUBLISHED, by="swarm", redis="api"),
        replace(REACHABLE, declared=(API, replace(API, service="redis", port="6379/tcp"))),
        replace(REACHABLE, redis="api"),
        replace(REACHABLE, by="swarm", redis="api"),
    ),
    "copy-as-the-original": (
        replace(SAME, differences=(EXCUSED, replace(EXCUSED, place="services.redis.command", why=""))),
        replace(SAME, differences=(Difference(place="redis/redis.conf", original="as it stands", copy="changed"),)),
    ),
    "no-dangerous-privileges": (
        replace(PRIVILEGES, held=("api privileged: True",)),
        replace(PRIVILEGES, asked="containers", held=("redis cap_add: CAP_SYS_ADMIN",)),
    ),
    "swarm-refuses-no-key": (
        replace(KEYS, refused={"api": ("depends_on", "mem_limit")}),
        replace(KEYS, said="services.api.ports.0 Additional property host_ip is not allowed"),
    ),
    "swarm-ignores-no-key": (replace(PASSED_OVER, ignored={"redis": ("security_opt",)}),),
    "swarm-tries-again": tuple(Waiting(restarts={"api": how}) for how in ("none", "any, at most 3 times")),
}

VACUOUS: tuple[object, ...] = (
    *(replace(seen, health={}, anew={}) for seen in (FIRST, RESTARTED, DOWN_UP)),
    *(replace(seen, anew={}) for seen in (FIRST, RESTARTED, DOWN_UP)),
    replace(CONFIGURED, images={}),
    replace(PUBLISHED, services=(), ports=()),
    replace(REACHABLE, knocks=()),
    replace(PRIVILEGES, services=()),
    replace(KEYS, services=()),
    replace(PASSED_OVER, services=()),
    Waiting(restarts={}),
    replace(SAME, settings=0),
    replace(SAME, copied=0),
    replace(REACHABLE, knocks=REACHABLE.knocks[:1]),
)
