"""Observations of what is declared for Swarm as no stack gave them: see the package."""

from dataclasses import replace

from checks.requirements.r9_self_healing.judge.swarm import Restarting, Update, Updates

RESTARTING = Restarting(of={"api": "any", "redis": "any"})
UPDATE = Update(tasks=2, at_once=1, order="start-first", failure_action="rollback", beside=True)


def updated(**how: object) -> Updates:
    return Updates(of={"api": UPDATE, "shop": replace(UPDATE, **how)})  # type: ignore[arg-type] # fields of its own


PASSING: tuple[object, ...] = (
    RESTARTING,
    updated(tasks=1),
    updated(order="stop-first"),
    updated(tasks=1, order="stop-first", beside=False),
)

FAILING: dict[str, tuple[object, ...]] = {
    "swarm-restarts-what-ends": tuple(
        Restarting(of={"api": how, "redis": "any"}) for how in ("none", "on-failure", "any, at most 3 times")
    ),
    "swarm-update-leaves-a-task": (
        updated(tasks=1, order="stop-first"),
        updated(order="stop-first", at_once=2),
        updated(order="stop-first", at_once=0),
    ),
    "swarm-update-rolls-back": (updated(failure_action="pause"), updated(failure_action="continue")),
}

VACUOUS: tuple[object, ...] = (Restarting(of={}), Updates(of={}))
