"""What is asked of every Redis beside the one that keeps the data."""

from collections.abc import Mapping
from dataclasses import dataclass

from checks.core.registry import judges
from checks.core.verdict import Violation
from checks.requirements.r3_durability.judge.restart import DURABLE


@dataclass(frozen=True, kw_only=True)
class OtherRedises:
    """The settings of every other Redis of the project, by where it is: `looked_at` are the services asked or read."""

    looked_at: tuple[str, ...]
    settings: Mapping[str, Mapping[str, str]]


@judges(OtherRedises)
def other_redis_violations(seen: OtherRedises) -> list[Violation]:
    if not seen.looked_at:
        return [Violation("other-redis-saves-too", seen="no service was looked at", wanted="the project's services")]
    wrong = {
        where: {name: values.get(name) for name, wanted in DURABLE.items() if values.get(name) != wanted}
        for where, values in seen.settings.items()
    }
    told = {where: values for where, values in wrong.items() if values}
    return [Violation("other-redis-saves-too", seen=told, wanted=DURABLE)] if told else []
