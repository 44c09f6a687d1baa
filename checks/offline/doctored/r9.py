"""Observations for R9 as no stack gave them: see the package."""

from dataclasses import replace

from checks.test_r9_healing import DETECTION_SLACK, Healing

PHASES = {"detect": 6.0, "restart": 1.2, "recover": 0.8}
HEALED = Healing(
    service="redis",
    phases=PHASES,
    bound_s=7.0,
    others={"api": False},
)

PROVING: tuple[object, ...] = (
    HEALED,
    replace(HEALED, service="prometheus", others={}),
)

VIOLATING: dict[str, tuple[object, ...]] = {
    "found-unhealthy": (
        replace(HEALED, phases={}),
        replace(HEALED, phases={}, bound_s=0.0),
        replace(HEALED, phases=PHASES | {"detect": HEALED.bound_s + DETECTION_SLACK + 0.1}),
    ),
    "restarted": (replace(HEALED, phases={"detect": 6.0}),),
    "healthy-again": (replace(HEALED, phases={"detect": 6.0, "restart": 1.2}),),
    "others-left-alone": (replace(HEALED, others={"prometheus": False, "api": True}),),
}

NOTHING_TRIED: tuple[object, ...] = (replace(HEALED, phases={}, others={}),)
