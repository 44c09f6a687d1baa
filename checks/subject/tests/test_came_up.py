"""Whether a project came up well, by what Docker lists of its containers: jobs that ended, replicas, scale."""

import json
from pathlib import Path
from typing import Any

import pytest

from checks.core.tests.cases import Case, accepted, parametrized, text_of
from checks.subject.tests.resolved import ResolvedProject
from stack.driver.project import may_end, replicas_of
from stack.driver.runners.protocol import all_well, statuses
from stack.driver.runners.status import status_in

CASES = Path(__file__).with_name("cases")


@parametrized(CASES, "all-well")
def test_what_came_up_well_is_told_from_what_did_not(case: Case, tmp_path: Path) -> None:
    project = ResolvedProject(tmp_path, "checks-1", json.loads(text_of(case, "config.json")))
    found = [(row["service"], status_in(row["state"], row["status"], "")) for row in case["ps"]]
    for service, status in found:
        if status.ended_well:
            project.note_one_shot(service)
    assert ("well" if all_well(statuses(project, found)) else "not well") in accepted(case)


@pytest.mark.parametrize(
    ("spec", "ends"),
    [
        ({}, True),
        ({"restart": "on-failure:3"}, True),
        ({"restart": "always"}, False),
        ({"restart": "always", "deploy": {"restart_policy": {"condition": "none"}}}, True),
        ({"restart": "no", "deploy": {"restart_policy": {"condition": "any"}}}, False),
        ({"ports": [{"target": 80}]}, False),
        ({"expose": ["80"]}, False),
        ({"healthcheck": {"test": ["CMD", "true"]}}, False),
    ],
)
def test_a_service_that_others_are_to_reach_does_not_end(spec: dict[str, object], ends: bool) -> None:
    assert may_end(spec) is ends


def test_replicas_are_as_many_as_the_file_says() -> None:
    told: list[dict[str, Any]] = [
        {},
        {"scale": 0},
        {"deploy": {"replicas": 3}},
        {"scale": 2, "deploy": {"replicas": 2}},
    ]
    assert [replicas_of(spec) for spec in told] == [1, 0, 3, 2]


def test_a_replica_that_is_not_there_is_missing(tmp_path: Path) -> None:
    project = ResolvedProject(tmp_path, "checks-1", {"services": {"api": {"scale": 2}}})
    (status,) = statuses(project, [("api", status_in("running", "Up 2 seconds (healthy)", ""))]).values()
    assert status.health == "missing"
