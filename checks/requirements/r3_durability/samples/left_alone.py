"""Commands that start Redis as no stack had them: see the package."""

from dataclasses import replace

from checks.requirements.r3_durability.judge.left_alone import SettingsLeftAlone

ALONE = SettingsLeftAlone(service="redis", left_running=())

PASSING: tuple[object, ...] = (ALONE,)

FAILING: dict[str, tuple[object, ...]] = {
    "settings-left-alone": (
        replace(ALONE, left_running=("(sleep 900; redis-cli CONFIG SET appendfsync everysec) &",)),
    ),
}

VACUOUS: tuple[object, ...] = (replace(ALONE, service=""),)
