"""What is asked while a healer is frozen."""

from collections.abc import Mapping
from dataclasses import dataclass

from checks.core.bounds import HEALED_SLACK
from checks.core.registry import judges
from checks.core.verdict import Violation
from checks.requirements.r9_self_healing.judge.healing import STEPS


@dataclass(frozen=True, kw_only=True)
class WhileAway:
    """What became of a service that was frozen together with a healer of its stack.

    `phases` are as in `Healing`. `bound_s` is what the health checks' own settings and the stop times of both declare,
    one after the other. `healer_back` tells whether the healer was restarted as well, `others` who else was.
    """

    service: str
    healer: str
    phases: Mapping[str, float]
    bound_s: float
    healer_back: bool
    others: tuple[str, ...]
    bounded: tuple[str, ...] = tuple(STEPS)  # what the bound is for: the report's pictures want to know


@judges(WhileAway)
def while_away_violations(seen: WhileAway) -> list[Violation]:
    rule, told = "nothing-missed", f"{seen.service} while `{seen.healer}` was frozen"
    found, took = [], sum(seen.phases.values())
    if missing := [phase for phase in STEPS if phase not in seen.phases]:
        found.append(Violation(rule, seen=f"{told}: no {missing[0]}", wanted="healthy again"))
    elif took > seen.bound_s + HEALED_SLACK:
        found.append(Violation(rule, seen=f"{told}: after {took:.1f} s", wanted=seen.bound_s))
    if not seen.healer_back:
        found.append(Violation(rule, seen=f"{seen.healer}: not restarted", wanted=f"{seen.healer}: restarted too"))
    if seen.others:
        found.append(Violation("others-left-alone", seen=f"restarted: {', '.join(seen.others)}", wanted="left alone"))
    return found
