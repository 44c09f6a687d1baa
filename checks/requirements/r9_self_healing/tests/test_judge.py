"""How the phases of a healing are read from the engine's events."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from checks.core.registry import objections
from checks.requirements.r9_self_healing.judge import healing
from checks.requirements.r9_self_healing.samples.healing import HEALED

FROZEN_AT = datetime(2026, 11, 23, 20, tzinfo=UTC)


def test_two_rules_can_object_to_one_observation() -> None:
    both = replace(HEALED, phases={}, others={"api": True})
    assert objections(both) == {"found-unhealthy", "others-left-alone"}


@pytest.mark.parametrize(
    ("events", "found"),
    [
        ([(6, "unhealthy"), (7, "start"), (9, "healthy")], {"detect": 6.0, "restart": 1.0, "recover": 2.0}),
        ([(6, "unhealthy"), (7, "start")], {"detect": 6.0, "restart": 1.0}),
        ([(-1, "unhealthy"), (7, "start"), (9, "healthy")], {}),
        ([(3, "start"), (4, "healthy"), (6, "unhealthy")], {"detect": 6.0}),
        ([(6, "unhealthy"), (7, "healthy"), (8, "start")], {"detect": 6.0, "restart": 2.0}),
        (
            [(6, "unhealthy"), (7, "start"), (9, "healthy"), (10, "unhealthy")],
            {"detect": 6.0, "restart": 1.0, "recover": 2.0},
        ),
        ([], {}),
    ],
)
def test_phases_follow_one_another_from_the_freeze_on(events: list[tuple[int, str]], found: dict[str, float]) -> None:
    named = {"unhealthy": "health_status: unhealthy", "healthy": "health_status: healthy", "start": "start"}
    seen = [(FROZEN_AT + timedelta(seconds=after), named[action]) for after, action in events]
    assert healing.phases(seen, FROZEN_AT, healing.STEPS) == found
