"""Observations for R7 as no stack gave them: see the package."""

from dataclasses import replace

from checks.core.bounds import DETECTION_SLACK
from checks.requirements.r7_healthchecks.judge import LONGEST_DETECTION, LONGEST_START, Probe, Probes, Reported

CHECKED = Probe(service="api", test=("CMD", "python3", "/app/probe.py"), passwords=())
FROZEN = Reported(service="api", fault="frozen", before="healthy", phases={"detect": 6.0, "recover": 2.0}, bound_s=7.0)
REVOKED = replace(FROZEN, service="redis", fault="credentials revoked")
LATE = {"detect": FROZEN.bound_s + DETECTION_SLACK + 0.1, "recover": 2.0}

LOOKS_ON = replace(CHECKED, test=("CMD-SHELL", "grep -q '^State:.[RSDI]' /proc/1/status"))

PASSING: tuple[object, ...] = (
    Probes(probes=(CHECKED,)),
    Probes(probes=(replace(CHECKED, listens=True, bound_s=LONGEST_DETECTION, start_s=LONGEST_START), LOOKS_ON)),
    replace(FROZEN, fault="hung"),
    FROZEN,
    REVOKED,
)

FAILING: dict[str, tuple[object, ...]] = {
    "has-a-health-check": (Probes(probes=(CHECKED, replace(CHECKED, service="redis", test=()))),),
    "check-can-fail": (
        Probes(probes=(CHECKED, replace(CHECKED, test=("CMD-SHELL", "exit 0")))),
        Probes(probes=(replace(CHECKED, test=("CMD-SHELL", "curl -f http://127.0.0.1:5000/ | cat")),)),
    ),
    "check-sees-errors": (
        Probes(probes=(replace(CHECKED, test=("CMD", "redis-cli", "ping")),)),
        Probes(probes=(CHECKED, replace(CHECKED, test=("CMD", "curl", "-s", "http://127.0.0.1:5000/healthcheck")))),
    ),
    "check-asks-the-service": (
        Probes(probes=(CHECKED, replace(LOOKS_ON, listens=True))),
        Probes(probes=(replace(CHECKED, test=("CMD", "pgrep", "gunicorn"), listens=True),)),
    ),
    "found-within-minutes": (
        Probes(probes=(replace(CHECKED, bound_s=LONGEST_DETECTION + 1),)),
        Probes(probes=(replace(CHECKED, start_s=LONGEST_START + 1),)),
    ),
    "no-password-in-probe": (Probes(probes=(replace(CHECKED, passwords=("-a",)), CHECKED)),),
    "green-when-well": (
        replace(FROZEN, before=""),
        replace(FROZEN, before="starting"),
        replace(FROZEN, phases={"detect": 6.0}),
    ),
    "red-when-broken": (
        replace(FROZEN, fault="hung", phases={"recover": 0.0}),
        replace(FROZEN, phases={"recover": 0.0}),
        replace(FROZEN, phases=LATE),
    ),
    "red-without-credentials": (replace(REVOKED, phases={"recover": 0.0}), replace(REVOKED, phases=LATE)),
}

VACUOUS: tuple[object, ...] = (
    Probes(probes=()),
    replace(FROZEN, phases={}),
    replace(REVOKED, phases={}),
)
