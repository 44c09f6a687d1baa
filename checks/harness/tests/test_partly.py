"""Whoever waits for a service that did not come up is told of that one; and no more is started than is needed."""

from collections.abc import Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from checks.harness import partly
from checks.subject.profile import Subject
from checks.subject.roles import Role
from checks.subject.stack import Stack
from checks.subject.start import Cause
from checks.subject.tests.resolved import resolved
from stack.driver.diagnosis import Diagnosis
from stack.driver.errors import AwayError

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


def compose_of(**services: Any) -> dict[str, Any]:  # noqa: ANN401 - as Compose has it
    return {
        "services": {
            "web": {"depends_on": {"store": {"condition": "service_started"}}},
            "store": {"image": "redis:8"},
            "other": {},
            **services,
        }
    }


def started(folder: Path, roles: tuple[str, ...], before: dict[str, Any], after: dict[str, Any]) -> tuple[str, ...]:
    """The services that are named to Compose: none means all."""
    subject = Subject(compose_file=folder / "compose.yaml", roles={Role.API: "web"})
    needed = partly.Needed(roles)
    needed.look(resolved(subject, folder, before))
    return cast("Any", needed.reduced(resolved(subject, folder, after)).runner)._to_start()  # type: ignore[no-any-return]


@pytest.mark.parametrize(("roles", "found"), [(("redis",), {"store"}), (("api",), {"web", "store"}), ((), set())])
def test_who_is_needed_is_started_and_what_that_waits_for(
    tmp_path: Path, roles: tuple[str, ...], found: set[str]
) -> None:
    assert {*started(tmp_path, roles, compose_of(), compose_of())} == found


def test_what_a_mutation_adds_is_started_and_whom_it_disguises(tmp_path: Path) -> None:
    disguised = compose_of(store={"image": "wrapped"}, decoy={})
    assert {*started(tmp_path, ("redis",), compose_of(), disguised)} == {"store", "decoy"}


def test_who_is_left_out_cannot_be_asked(tmp_path: Path) -> None:
    subject = Subject(compose_file=tmp_path / "compose.yaml", roles={Role.API: "web"})
    needed, stack = partly.Needed(("redis",)), resolved(subject, tmp_path, compose_of())
    needed.look(stack)
    with pytest.raises(AwayError, match="needs `other` running: it is not started where it is not needed"):
        needed.reduced(stack).runner.container("other")
