"""What the engine reports is read in our words."""

import json
from datetime import UTC, datetime

from stack.driver import events
from stack.driver.events import Event


def test_an_exit_is_reported_with_its_code_and_by_its_service() -> None:
    about = {"com.docker.compose.service": "redis", "exitCode": "137"}
    line = json.dumps({"Action": "die", "timeNano": 1_700_000_000_500_000_000, "Actor": {"Attributes": about}})
    assert events.event_in(line) == Event(
        at=datetime.fromtimestamp(1_700_000_000.5, UTC), service="redis", action="die: 137"
    )
