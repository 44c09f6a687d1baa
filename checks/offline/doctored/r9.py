"""Observations for R9 as no stack gave them: see the package."""

from dataclasses import replace

from checks.faults import DETECTION_SLACK
from checks.test_r9_healing import COMEBACK_SLACK, Comeback, Healing

PHASES = {"detect": 6.0, "restart": 1.2, "recover": 0.8}
HEALED = Healing(
    service="redis",
    phases=PHASES,
    bound_s=7.0,
    others={"api": False},
)
ENDED = Comeback(
    service="redis",
    fault="clean-exit",
    policy="unless-stopped",
    exit_code=0,
    phases={"restart": 0.1, "recover": 0.5},
    bound_s=1.9,
)
CRASHED = replace(ENDED, fault="crash", exit_code=137)
OOM_KILLED = replace(CRASHED, fault="oom-kill")

PROVING: tuple[object, ...] = (
    HEALED,
    replace(HEALED, service="prometheus", others={}),
    ENDED,
    replace(ENDED, exit_code=143),
    CRASHED,
    replace(CRASHED, policy="on-failure"),
    OOM_KILLED,
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
    "clean-exit-comes-back": (
        replace(ENDED, policy="on-failure", phases={}),
        replace(ENDED, policy="on-failure", exit_code=143),
        replace(ENDED, phases={"restart": 0.1}),
        replace(ENDED, phases={"restart": 0.1, "recover": ENDED.bound_s + COMEBACK_SLACK}),
    ),
    "crash-comes-back": (replace(CRASHED, policy="no", phases={}), replace(CRASHED, phases={"restart": 0.1})),
    "oom-kill-comes-back": (replace(OOM_KILLED, policy="no", phases={}), replace(OOM_KILLED, phases={"restart": 0.1})),
}

NOTHING_TRIED: tuple[object, ...] = (replace(HEALED, phases={}, others={}), replace(ENDED, phases={}))
