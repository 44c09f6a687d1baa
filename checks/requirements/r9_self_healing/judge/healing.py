"""What is asked of services that fall sick or end."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from checks.core.bounds import COMEBACK_SLACK, DETECTION_SLACK, HEALED_SLACK
from checks.core.registry import judges
from checks.core.verdict import Violation

Events = list[tuple[datetime, str]]
Steps = Mapping[str, str | tuple[str, ...]]
RED = "health_status: unhealthy"
STEPS: Steps = {"detect": RED, "restart": "start", "recover": "health_status: healthy"}
OR_EXIT_STEPS: Steps = {**STEPS, "detect": (RED, "die: ")}
EXIT_STEPS: Steps = {"exit": "die: ", "restart": "start", "recover": "health_status: healthy"}
WITHOUT_FAIL = {"always", "unless-stopped"}  # the policies that ask for no failure
Sickness = Literal["frozen", "frozen-whole", "hang", "no-pids", "no-files", "cut-off", "no-probe"]
Exit = Literal["clean-exit", "crash", "oom-kill", "crash-at-start"]
# A health check that asks through the loopback, or has a program of one process, passes all the same, and may be right:
# the service goes on doing what it is asked. And what runs short may end by itself, before any health check fails.
MAY_GO_UNNOTICED = frozenset[Sickness]({"no-pids", "no-files", "cut-off"})


@dataclass(frozen=True, kw_only=True)
class Healing:
    """What became of a service that was made sick, and of the others meanwhile.

    `phases` are seconds: from the fault to Docker's verdict, to the new start, to healthy; one that was not reached is
    missing. `bound_s` is what the health check's own settings declare for the first, `healed_bound_s` what they and the
    stop time declare for all three. `others` tells for each other service, those that depend on it included, whether it
    was restarted meanwhile; where Docker noticed nothing, one that Docker found unhealthy counts as left alone.
    """

    service: str
    fault: Sickness
    phases: Mapping[str, float]
    bound_s: float
    healed_bound_s: float
    others: Mapping[str, bool]

    @property
    def unnoticed(self) -> bool:
        """Whether it is one of those that no health check needs to notice, and none did."""
        return self.fault in MAY_GO_UNNOTICED and not self.phases


@judges(Healing)
def healing_violations(seen: Healing) -> list[Violation]:
    found, told = [], f"{seen.service} ({seen.fault})"
    rules = {"detect": "found-unhealthy", "restart": "restarted", "recover": "healthy-again"}
    missing = [rule for phase, rule in rules.items() if phase not in seen.phases]
    if late := seen.phases.get("detect", 0.0) > seen.bound_s + DETECTION_SLACK:
        found.append(Violation("found-unhealthy", seen=seen.phases["detect"], wanted=seen.bound_s))
    if missing and not seen.unnoticed:  # those after it could not be reached either
        found.append(Violation(missing[0], seen=f"{told}: never", wanted=f"{told}: within the bound"))
    if not missing and not late and (took := sum(seen.phases.values())) > seen.healed_bound_s + HEALED_SLACK:
        found.append(Violation("healthy-again", seen=f"{told}: after {took:.1f} s", wanted=seen.healed_bound_s))
    return found + _restarted(seen.others)


@dataclass(frozen=True, kw_only=True)
class Comeback:
    """What became of a service whose main process ended.

    `phases` are seconds: from the (last) exit to the new start, to healthy; one that was not reached is missing.
    `bound_s` is what the restart policy's delay and the first probe may take of them together. `others` tells for each
    other service whether it was restarted meanwhile.
    """

    service: str
    fault: Exit
    policy: str
    exit_code: int
    phases: Mapping[str, float]
    bound_s: float
    others: Mapping[str, bool]
    bounded: tuple[str, ...] = ("restart", "recover")  # what the bound is for: the report's pictures want to know


@judges(Comeback)
def comeback_violations(seen: Comeback) -> list[Violation]:
    return [*_not_back(seen), *_restarted(seen.others)]


def _not_back(seen: Comeback) -> list[Violation]:
    rule, took = f"{seen.fault}-comes-back", sum(seen.phases.values())
    if missing := [phase for phase in ("restart", "recover") if phase not in seen.phases]:
        told = f"{seen.service} (restart: {seen.policy}): no {missing[0]}"
        return [Violation(rule, seen=told, wanted=f"{seen.service}: healthy again")]
    if took > seen.bound_s + COMEBACK_SLACK:
        return [Violation(rule, seen=f"{seen.service}: after {took:.1f} s", wanted=seen.bound_s)]
    if seen.fault == "clean-exit" and seen.exit_code != 0 and seen.policy not in WITHOUT_FAIL:
        told = f"{seen.service} (restart: {seen.policy}): back from exit code {seen.exit_code}"
        return [Violation(rule, seen=told, wanted="back from exit code 0 as well")]
    return []


def _restarted(others: Mapping[str, bool]) -> list[Violation]:
    if restarted := [name for name, was_restarted in others.items() if was_restarted]:
        return [Violation("others-left-alone", seen=f"restarted: {', '.join(restarted)}", wanted="left alone")]
    return []


def phases(events: Events, since: datetime, steps: Steps) -> dict[str, float]:
    """Seconds to the first step, from there to the next, and so on, as far as it came."""
    found: dict[str, float] = {}
    left = list(steps.items())
    for at, action in events:
        if left and action.startswith(left[0][1]) and at >= since:
            found[left.pop(0)[0]] = round((at - since) / timedelta(seconds=1), 3)
            since = at
    return found


def exit_code(events: Events, since: datetime) -> int:
    """What the main process ended with: the engine's 'die: 137'."""
    return next(int(action.removeprefix("die: ")) for at, action in events if at >= since and action.startswith("die"))
