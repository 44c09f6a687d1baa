"""Other Redises of a project as no stack had them: see the package."""

from dataclasses import replace

from checks.requirements.r3_durability.judge.every_redis import OtherRedises
from checks.requirements.r3_durability.judge.restart import DURABLE

NONE = OtherRedises(looked_at=("api", "redis"), settings={})

PASSING: tuple[object, ...] = (NONE, replace(NONE, settings={"cache port 6379": DURABLE}))

FAILING: dict[str, tuple[object, ...]] = {
    "other-redis-saves-too": (
        replace(NONE, settings={"cache": DURABLE | {"appendfsync": "everysec"}}),
        replace(NONE, settings={"a": DURABLE, "cache port 6380": {}}),
    ),
}

VACUOUS: tuple[object, ...] = (replace(NONE, looked_at=()),)
