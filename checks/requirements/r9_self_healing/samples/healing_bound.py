"""Observations of declared times as no stack gave them: see the package."""

from checks.requirements.r9_self_healing.judge.healing_bound import LONGEST_HEALING, HealingBounds

PASSING: tuple[object, ...] = (HealingBounds(of={"api": 20.0, "slow": LONGEST_HEALING, "unchecked": 0.0}),)

FAILING: dict[str, tuple[object, ...]] = {
    "healed-within-minutes": (HealingBounds(of={"api": 20.0, "slow": LONGEST_HEALING + 1}),),
}

VACUOUS: tuple[object, ...] = (HealingBounds(of={}),)
