"""Of a project of which not all came up: who is away is told, who came up is asked."""

from pathlib import Path
from typing import Any

import pytest

from stack.driver.errors import AwayError
from stack.driver.project import ComposeProject, Config
from stack.driver.runners.compose import ComposeRunner
from stack.driver.runners.partly import PartlyRunner, needs
from stack.driver.runners.protocol import ServiceStatus

WHY = "needs `web` running: it never got healthy"
CONFIG: dict[str, Any] = {
    "services": {
        "proxy": {"depends_on": {"web": {}}},
        "web": {"depends_on": {"redis": {}, "gone": {}}},
        "redis": {},
        "loop": {"depends_on": {"loop": {}}},
    }
}


class Project(ComposeProject):
    """One that resolves to what is written here."""

    @property
    def config(self) -> Config:
        return CONFIG


@pytest.fixture
def runner(tmp_path: Path) -> PartlyRunner:
    return PartlyRunner(Project(tmp_path, "compose.yaml", "partly"), {"web": WHY, "proxy": WHY}, ["loop"])


def test_who_asks_for_one_that_is_away_is_told_why(runner: PartlyRunner) -> None:
    for ask in (runner.container, runner.replicas, lambda name: runner.address(name, 80), runner.stop, runner.state):
        with pytest.raises(AwayError, match="needs `web` running: it never got healthy"):
            ask("proxy")


def test_who_looks_at_all_is_told_that_some_are_away(runner: PartlyRunner) -> None:
    with pytest.raises(AwayError, match="needs `web` running"):
        runner.containers()


def test_nobody_waits_for_who_did_not_come_up(runner: PartlyRunner, monkeypatch: pytest.MonkeyPatch) -> None:
    told = {name: ServiceStatus(health="healthy" if name == "redis" else "unhealthy") for name in CONFIG["services"]}
    monkeypatch.setattr(ComposeRunner, "status", lambda _: told)
    assert runner.status() == {"redis": ServiceStatus(health="healthy")}


@pytest.mark.parametrize(("service", "found"), [("proxy", {"web", "redis"}), ("redis", set()), ("loop", set())])
def test_what_a_service_waits_for_is_found_through_others(runner: PartlyRunner, service: str, found: set[str]) -> None:
    assert {*needs(runner.project, service)} == found
