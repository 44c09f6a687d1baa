"""Restart policies are read as Compose reads them."""

from pathlib import Path

import pytest

from checks.core.registry import objections
from checks.requirements.r9_self_healing.observe.declared import read_declared_bounds
from checks.subject.profile import Subject
from checks.subject.tests.resolved import resolved
from stack.driver.project import declared_policy


@pytest.mark.parametrize(
    ("spec", "name"),
    [
        ({}, "no"),
        ({"restart": "unless-stopped"}, "unless-stopped"),
        ({"restart": "on-failure:3"}, "on-failure"),
        ({"deploy": {"restart_policy": {"condition": "any"}}}, "always"),
        ({"deploy": {"restart_policy": {}}}, "no"),  # this and those below as Compose 2.26.1 made the container
        ({"deploy": {"restart_policy": {"condition": "none"}}}, "no"),
        ({"restart": "always", "deploy": {"restart_policy": {"condition": "none"}}}, "no"),
        ({"restart": "always", "deploy": {"restart_policy": {"condition": "on-failure"}}}, "on-failure"),
        ({"restart": "no", "deploy": {"restart_policy": {"condition": "any"}}}, "always"),
    ],
)
def test_a_policy_is_found_where_it_is_said(spec: dict[str, object], name: str) -> None:
    assert declared_policy(spec) == name


CHECK = {"test": ["CMD", "probe"]}


@pytest.mark.parametrize(
    ("spec", "objected"),
    [
        ({"healthcheck": CHECK}, set()),
        ({"healthcheck": CHECK, "stop_grace_period": "5m0s"}, set()),
        (
            {"healthcheck": CHECK | {"interval": "1m0s", "timeout": "10s", "retries": 3}, "stop_grace_period": "2m"},
            set(),
        ),
        ({"stop_grace_period": "2h0m0s"}, set()),
        ({"healthcheck": CHECK, "stop_grace_period": "2h0m0s"}, {"healed-within-minutes"}),
        ({"healthcheck": CHECK | {"interval": "10m0s"}}, {"healed-within-minutes"}),
    ],
)
def test_times_that_add_up_to_more_are_told(spec: dict[str, object], objected: set[str], tmp_path: Path) -> None:
    stack = resolved(Subject(compose_file=tmp_path / "compose.yaml"), tmp_path, {"services": {"api": spec}})
    assert objections(read_declared_bounds(stack)) == objected
