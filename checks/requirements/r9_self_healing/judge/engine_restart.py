"""What is asked of an engine restart."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from checks.core.place import Places, first_of
from checks.core.registry import judges
from checks.core.verdict import Violation

RULE = "engine-restart-comes-back"
STARTED_WITH_THE_ENGINE = {"always", "unless-stopped"}  # Docker documentation: restart policies


@dataclass(frozen=True, kw_only=True)
class EngineRestart:
    """How every service was after the engine was stopped and started, in the end, and whether it had started anew.

    `phases` are seconds: for the engine to go and come, and from there until all is healthy, which is missing if that
    did not come.
    """

    health: Mapping[str, str]
    anew: Mapping[str, bool]
    phases: Mapping[str, float]


@judges(EngineRestart)
def engine_restart_violations(seen: EngineRestart) -> list[Violation]:
    still = [name for name, anew in seen.anew.items() if not anew]
    if still or not seen.anew:  # nothing was tried, so nothing was proven
        return [Violation(RULE, seen=f"not started anew: {', '.join(still)}", wanted="every service stopped with it")]
    unwell = [f"{name}: {health}" for name, health in seen.health.items() if health != "healthy"]
    if unwell or "recover" not in seen.phases:
        return [Violation(RULE, seen=", ".join(unwell), wanted="every service healthy again by itself")]
    return []


@dataclass(frozen=True, kw_only=True)
class Policies:
    """The restart policy of each service, where no engine can be restarted."""

    of: Mapping[str, str]
    places: Places = field(default_factory=dict)


@judges(Policies)
def policy_violations(seen: Policies) -> list[Violation]:
    away = {name: policy for name, policy in seen.of.items() if policy not in STARTED_WITH_THE_ENGINE}
    if away or not seen.of:
        wanted, place = "always or unless-stopped: what Docker starts with the engine", first_of(seen.places, away)
        return [Violation(RULE, seen=away, wanted=wanted, place=place)]
    return []
