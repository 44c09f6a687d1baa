"""A healer whose tests do not take as long as it would: what its modules ask for with `usefixtures`."""

from typing import Any

import pytest

from stack.healer import event_log, event_watch, policy, supervisor
from stack.healer.tests.healer_at_work import SAID


@pytest.fixture
def in_a_hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have the healer wait for hundredths of a second where it waits for seconds, and note what it says."""
    SAID.clear()
    write = event_log.write

    def noted(action: str, *rest: Any, **more: Any) -> None:  # noqa: ANN401 - whatever the log takes
        write(action, *rest, **more)
        SAID.append(action)

    monkeypatch.setattr(event_log, "write", noted)
    for module in (supervisor, event_watch):
        monkeypatch.setattr(module, "RETRY_SECONDS", 0.02)
    monkeypatch.setattr(event_watch, "ROUND_SECONDS", 0.3)
    monkeypatch.setattr(policy, "STARVED_LOOK_SECONDS", 0.05)
