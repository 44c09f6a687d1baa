"""Observations for R9 as no stack gave them: see the package."""

from dataclasses import replace

from checks.core.bounds import COMEBACK_SLACK, DETECTION_SLACK, HEALED_SLACK
from checks.requirements.r9_self_healing.judge.healer_away import WhileAway
from checks.requirements.r9_self_healing.judge.healing import Comeback, Healing
from checks.requirements.r9_self_healing.judge.left_alone import LeftAlone

PHASES = {"detect": 6.0, "restart": 1.2, "recover": 0.8}
HEALED = Healing(
    service="redis",
    fault="frozen",
    phases=PHASES,
    bound_s=7.0,
    healed_bound_s=18.0,
    others={"api": False},
)
AWAY = WhileAway(
    service="prometheus",
    healer="healer",
    phases={"detect": 6.0, "restart": 8.4, "recover": 0.8},
    bound_s=33.0,
    healer_back=True,
    others=(),
)
ENDED = Comeback(
    service="redis",
    fault="clean-exit",
    policy="unless-stopped",
    exit_code=0,
    phases={"restart": 0.1, "recover": 0.5},
    bound_s=1.9,
    others={"api": False},
)
CRASHED = replace(ENDED, fault="crash", exit_code=137)
OOM_KILLED = replace(CRASHED, fault="oom-kill")
CRASHED_AGAIN = replace(CRASHED, fault="crash-at-start", bound_s=2.6)
STOPPED = LeftAlone(service="api", fault="stopped", watched_s=10.0, status="exited", unhealthy=(), restarted=())
PAUSED = replace(STOPPED, fault="paused", status="paused", unhealthy=("api",))
STALLED = replace(STOPPED, fault="stall-3s", status="running")
DEPENDENT = replace(STOPPED, fault="dependency-frozen", status="running", unhealthy=("api",))

PASSING: tuple[object, ...] = (
    HEALED,
    replace(HEALED, service="prometheus", fault="no-probe", others={}),
    replace(HEALED, fault="no-files", phases={"detect": 0.1, "restart": 0.2, "recover": 0.8}),
    replace(HEALED, fault="cut-off", phases={}),
    AWAY,
    ENDED,
    replace(ENDED, exit_code=143),
    CRASHED,
    replace(CRASHED, policy="on-failure"),
    OOM_KILLED,
    CRASHED_AGAIN,
    STOPPED,
    PAUSED,
    STALLED,
    replace(STALLED, fault="stall-1.5s"),
    replace(STALLED, unhealthy=("api",), restarted=("api",)),
    DEPENDENT,
    replace(DEPENDENT, unhealthy=()),
)

FAILING: dict[str, tuple[object, ...]] = {
    "found-unhealthy": (
        replace(HEALED, phases={}),
        replace(HEALED, phases={}, bound_s=0.0),
        replace(HEALED, fault="no-probe", phases={}),
        replace(HEALED, phases=PHASES | {"detect": HEALED.bound_s + DETECTION_SLACK + 0.1}),
    ),
    "restarted": (
        replace(HEALED, phases={"detect": 6.0}),
        replace(HEALED, fault="no-pids", phases={"detect": 6.0}),
    ),
    "healthy-again": (
        replace(HEALED, phases={"detect": 6.0, "restart": 1.2}),
        replace(HEALED, phases=PHASES | {"recover": HEALED.healed_bound_s + HEALED_SLACK}),
    ),
    "others-left-alone": (
        replace(HEALED, others={"prometheus": False, "api": True}),
        replace(HEALED, fault="cut-off", phases={}, others={"api": True}),
        replace(CRASHED, others={"api": True}),
        replace(AWAY, others=("api",)),
    ),
    "nothing-missed": (
        replace(AWAY, phases={"detect": 6.0}),
        replace(AWAY, healer_back=False),
        replace(AWAY, phases=PHASES | {"restart": AWAY.bound_s + HEALED_SLACK}),
    ),
    "clean-exit-comes-back": (
        replace(ENDED, policy="on-failure", phases={}),
        replace(ENDED, policy="on-failure", exit_code=143),
        replace(ENDED, phases={"restart": 0.1}),
        replace(ENDED, phases={"restart": 0.1, "recover": ENDED.bound_s + COMEBACK_SLACK}),
    ),
    "crash-comes-back": (replace(CRASHED, policy="no", phases={}), replace(CRASHED, phases={"restart": 0.1})),
    "oom-kill-comes-back": (replace(OOM_KILLED, policy="no", phases={}), replace(OOM_KILLED, phases={"restart": 0.1})),
    "crash-at-start-comes-back": (
        replace(CRASHED_AGAIN, policy="on-failure", phases={}),
        replace(CRASHED_AGAIN, phases={"restart": 0.8}),
    ),
    "stop-left-alone": (
        replace(STOPPED, status="running", restarted=("api",)),
        replace(STOPPED, status="running"),
        replace(STOPPED, restarted=("redis",)),
    ),
    "pause-left-alone": (
        replace(PAUSED, status="running"),
        replace(PAUSED, restarted=("api",)),
    ),
    "stall-left-alone": (
        replace(STALLED, restarted=("api",)),
        replace(STALLED, fault="stall-1.5s", restarted=("api",)),
        replace(STALLED, unhealthy=("api", "redis"), restarted=("redis",)),
    ),
    "dependent-left-alone": (
        replace(DEPENDENT, restarted=("api",)),
        replace(DEPENDENT, restarted=("prometheus",)),
    ),
}

VACUOUS: tuple[object, ...] = (
    replace(HEALED, phases={}, others={}),
    replace(AWAY, phases={}, healer_back=False),
    replace(ENDED, phases={}),
    replace(STOPPED, watched_s=0.0),
)
