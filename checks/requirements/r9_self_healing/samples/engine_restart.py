"""Observations of R9's engine restart as no stack gave them: see the package."""

from dataclasses import replace

from checks.requirements.r9_self_healing.judge.engine_restart import EngineRestart, Policies

BACK = EngineRestart(
    health={"api": "healthy", "redis": "healthy"},
    anew={"api": True, "redis": True},
    phases={"engine": 4.1, "recover": 3.2},
)

POLICIES = Policies(of={"api": "always", "redis": "unless-stopped"})

PASSING: tuple[object, ...] = (BACK, POLICIES)

FAILING: dict[str, tuple[object, ...]] = {
    "engine-restart-comes-back": (
        replace(BACK, health={"api": "healthy", "redis": "exited"}, phases={"engine": 4.1}),
        replace(BACK, health={"api": "unhealthy", "redis": "healthy"}, phases={"engine": 4.1}),
        Policies(of={"api": "always", "redis": "on-failure"}),
    ),
}

VACUOUS: tuple[object, ...] = (
    replace(BACK, anew={"api": True, "redis": False}),
    replace(BACK, health={}, anew={}),
    Policies(of={}),
)
