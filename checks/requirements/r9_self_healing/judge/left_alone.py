"""What is to be left alone."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from checks.core.registry import judges
from checks.core.verdict import Violation

LeftTo = Literal["stopped", "paused", "stall-1.5s", "stall-3s", "dependency-frozen"]
STATUS: Mapping[LeftTo, str] = {"stopped": "exited", "paused": "paused"}  # what it is to stay; else it runs
RULES: Mapping[LeftTo, str] = {
    "stopped": "stop-left-alone",
    "paused": "pause-left-alone",
    "stall-1.5s": "stall-left-alone",
    "stall-3s": "stall-left-alone",
    "dependency-frozen": "dependent-left-alone",
}


@dataclass(frozen=True, kw_only=True)
class LeftAlone:
    """What became of a service that nobody is to restart, and of all others meanwhile.

    `watched_s` are seconds, from the fault on, or from the end of a stall; `status` is what Docker said of the service
    at their end. `unhealthy` names those that Docker found unhealthy, `restarted` those that were restarted until all
    was put back and well again, but for the start that ended a stop.
    """

    service: str
    fault: LeftTo
    watched_s: float
    status: str
    unhealthy: tuple[str, ...]
    restarted: tuple[str, ...]


@judges(LeftAlone)
def left_alone_violations(seen: LeftAlone) -> list[Violation]:
    rule, told = RULES[seen.fault], f"{seen.service} ({seen.fault})"
    if not seen.watched_s:  # nothing was tried, so nothing was proven
        return [Violation(rule, seen=f"{told}: not watched", wanted=f"{told}: watched, and left alone")]
    # A stall that is long enough for Docker's verdict is no stall to whoever acts on that verdict.
    excused = {seen.service} & set(seen.unhealthy) if seen.fault.startswith("stall") else set()
    if restarted := [name for name in seen.restarted if name not in excused]:
        late = set(restarted) <= {*seen.unhealthy} - {seen.service}  # others, whose probes were not in time
        return [Violation(rule, seen=f"{told}: restarted: {', '.join(restarted)}", wanted=f"{told}: none", late=late)]
    if seen.status != (wanted := STATUS.get(seen.fault, "running")):
        return [Violation(rule, seen=f"{told}: {seen.status}", wanted=f"{told}: {wanted}")]
    return []
