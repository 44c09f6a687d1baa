"""A stack that does not start is found out once, and what it lacks is told to everyone."""

from pathlib import Path

import pytest

from checks.subject.start import Cause, DidNotStartError, Kept, Starts, budget, cause_of
from stack.driver.errors import BuildError, EngineError, ImageError, NotHealthyError, StackError, SubjectError
from stack.driver.runners.protocol import UP_SECONDS

ILL = NotHealthyError("not healthy", details=("web: exited",), root="web", why="it never got healthy: refused")


def started(starts: Starts, problem: StackError | None = None) -> None:
    with starts.tried():
        if problem:
            raise problem


def test_a_cause_is_found_once_and_told_to_all(tmp_path: Path) -> None:
    with pytest.raises(DidNotStartError, match="needs `web` running: it never got healthy: refused"):
        started(Starts(tmp_path), ILL)
    elsewhere = Starts(tmp_path)
    with pytest.raises(DidNotStartError) as told:
        started(elsewhere, EngineError("never asked"))
    assert (
        told.value.cause
        == elsewhere.cause()
        == Cause(
            needs="`web` running",
            why="it never got healthy: refused",
            own=True,
            details=("web: exited",),
            service="web",
        )
    )


def test_what_came_up_is_kept_once_and_known_to_all(tmp_path: Path) -> None:
    kept = Kept(project="checks-1", overrides=("a.yaml",), away={"web": "needs `web` running"}, ill=("redis",))
    asked: list[Cause] = []

    def keep(cause: Cause) -> Kept:
        asked.append(cause)
        return kept

    for _ in range(2):
        with pytest.raises(DidNotStartError) as told, Starts(tmp_path).tried(keep):
            raise ILL
        assert told.value.cause.kept == kept
    assert [one.service for one in asked] == ["web"]
    assert getattr(Starts(tmp_path).cause(), "kept", None) == kept


def test_what_has_come_up_once_is_no_cause_for_others(tmp_path: Path) -> None:
    starts = Starts(tmp_path)
    started(starts)
    with pytest.raises(NotHealthyError):
        started(starts, ILL)
    assert starts.cause() is None
    started(starts)


@pytest.mark.parametrize(
    ("problem", "told", "own"),
    [
        (ILL, "needs `web` running: it never got healthy: refused", True),
        (EngineError("none answers"), "needs an engine: none answers", False),
        (
            ImageError("image a is not here", details=("no host",)),
            "needs every image: image a is not here; no host",
            False,
        ),
        (BuildError("the image of `a` cannot be built"), "needs every image: the image of `a` cannot be built", True),
        (SubjectError("network `web` is external"), "needs the stack running: network `web` is external", False),
        (StackError("Docker could not start it"), "needs the stack running: Docker could not start it", True),
    ],
)
def test_a_cause_says_what_is_needed_and_whose_doing_it_is(problem: StackError, told: str, own: bool) -> None:
    found = cause_of(problem)
    assert (str(found), found.own) == (told, own)


def test_a_start_may_take_what_is_said_or_declared() -> None:
    quick = {"interval": "2s", "timeout": "1s", "retries": 2}
    slow = {"interval": "1m0s", "timeout": "10s", "retries": 3, "start_period": "30s"}
    config = {"services": {"api": {"healthcheck": slow, "depends_on": {"redis": {}}}, "redis": {"healthcheck": slow}}}
    assert budget(config) == 2 * (30 + 3 * 70)
    assert budget(config, 20.0) == 20
    assert budget({"services": {"api": {"healthcheck": quick}, "redis": {}}}) == UP_SECONDS
    assert budget({"services": {"api": {"healthcheck": {"disable": True, **slow}}}}) == UP_SECONDS


def test_services_that_wait_for_each_other_do_not_take_for_ever() -> None:
    assert budget({"services": {"a": {"depends_on": {"b": {}}}, "b": {"depends_on": {"a": {}}}}}) == UP_SECONDS
