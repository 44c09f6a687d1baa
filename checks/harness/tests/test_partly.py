"""Whoever waits for a service that did not come up is told of that one."""

from collections.abc import Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from checks.harness import partly
from checks.subject.stack import Stack
from checks.subject.start import Cause
from stack.driver.diagnosis import Diagnosis

CAUSE = Cause(needs="`web` running", why="it never got healthy: refused", own=True, service="web")
SERVICES: Mapping[str, Any] = {
    "proxy": {"depends_on": {"web": {}}},
    "web": {"depends_on": {"redis": {}}},
    "redis": {},
    "worker": {},
    "none": {"scale": 0},
}


def stack_with(*there: str) -> Stack:
    project = SimpleNamespace(config={"services": SERVICES}, services=tuple(SERVICES), name="p", directory=Path())
    return cast(
        "Stack", SimpleNamespace(project=project, runner=SimpleNamespace(containers=lambda: dict.fromkeys(there)))
    )


def ill(service: str, state: str) -> Diagnosis:
    return Diagnosis(service=service, replica=1, state=state, words="refused")


def test_who_waits_for_the_cause_is_told_the_cause() -> None:
    found = {"web": ill("web", "running, unhealthy"), "proxy": ill("proxy", "created")}
    told = partly._away(stack_with("proxy", "web", "redis", "worker"), CAUSE, found)
    assert told == {"web": str(CAUSE), "proxy": str(CAUSE)}


def test_who_is_ill_beside_the_cause_is_told_of_itself() -> None:
    found = {"web": ill("web", "running, unhealthy"), "worker": ill("worker", "exited (exit code 3)")}
    told = partly._away(stack_with("proxy", "web", "redis", "worker"), CAUSE, found)
    assert told["worker"] == "needs `worker` running: it exited (exit code 3): refused"


def test_what_has_no_container_was_not_started() -> None:
    told = partly._away(stack_with("web", "redis", "worker"), CAUSE, {"web": ill("web", "running, unhealthy")})
    assert told == {"web": str(CAUSE), "proxy": str(CAUSE)}
    assert partly._away(stack_with("web", "redis", "proxy"), CAUSE, {}) == {
        "worker": "needs `worker` running: it was not started"
    }


@pytest.mark.parametrize("cause", [Cause(needs="an engine", why="gone", own=False)])
def test_what_no_service_is_the_cause_of_is_not_kept(cause: Cause) -> None:
    assert partly.kept(stack_with(), cause, cast("Any", None), cast("Any", None)) is None
