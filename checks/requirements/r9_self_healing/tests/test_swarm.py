"""Restart policies and updates are read as Swarm has them, and nothing is objected to that interrupts nobody."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from checks.core.registry import objections
from checks.core.verdict import NotApplicableError
from checks.requirements.r9_self_healing.observe.swarm import read_restarting, read_updates
from checks.subject.profile import Subject
from checks.subject.stack import Stack
from checks.subject.tests.resolved import resolved

ROLLED_BACK = {"failure_action": "rollback"}
FIRST = {"order": "start-first", **ROLLED_BACK}
PORT = [{"target": 80, "published": "80", "mode": "ingress", "protocol": "tcp"}]
LEAVES, BACK = "swarm-update-leaves-a-task", "swarm-update-rolls-back"


def stack(folder: Path, **services: Mapping[str, object]) -> Stack:
    specs = {name: {"image": f"{name}:1", **spec} for name, spec in services.items()}
    return resolved(Subject(compose_file=folder / "compose.yaml"), folder, {"services": specs})


@pytest.mark.parametrize(
    ("api", "objected"),
    [
        ({"ports": PORT, "deploy": {"update_config": FIRST}}, set()),
        ({"ports": PORT}, {LEAVES, BACK}),
        ({"ports": PORT, "deploy": {"replicas": 3, "update_config": ROLLED_BACK}}, set()),
        ({"ports": PORT, "deploy": {"replicas": 3, "update_config": {**ROLLED_BACK, "parallelism": 3}}}, {LEAVES}),
        ({"ports": [PORT[0] | {"mode": "host"}], "deploy": {"update_config": ROLLED_BACK}}, set()),
        (
            {
                "ports": PORT,
                "volumes": [{"type": "volume", "source": "data", "target": "/data"}],
                "deploy": {"update_config": ROLLED_BACK},
            },
            set(),
        ),
        ({"ports": PORT, "deploy": {"mode": "global", "update_config": ROLLED_BACK}}, set()),
        ({"ports": PORT, "deploy": {"update_config": {"order": "start-first"}}}, {BACK}),
    ],
)
def test_an_update_is_to_interrupt_nobody(api: dict[str, object], objected: set[str], tmp_path: Path) -> None:
    assert objections(read_updates(stack(tmp_path, shop=api, redis={}))) == objected


def test_what_has_several_tasks_is_updated_in_turn(tmp_path: Path) -> None:
    seen = read_updates(stack(tmp_path, shop={"ports": PORT}, worker={"deploy": {"replicas": 2}}, redis={}))
    assert set(seen.of) == {"shop", "worker"}


def test_one_that_is_no_api_may_stop_first(tmp_path: Path) -> None:
    with pytest.raises(NotApplicableError):
        read_updates(stack(tmp_path, redis={"ports": PORT}))


@pytest.mark.parametrize(
    ("spec", "objected"),
    [
        ({}, False),
        ({"restart": "no"}, False),  # which Swarm passes over: another rule tells of it
        ({"deploy": {"restart_policy": {"condition": "any", "delay": "5s", "window": "60s"}}}, False),
        ({"deploy": {"restart_policy": {"condition": "on-failure"}}}, True),
        ({"deploy": {"restart_policy": {"max_attempts": 3}}}, True),
    ],
)
def test_a_task_is_replaced_however_it_ended(spec: dict[str, object], objected: bool, tmp_path: Path) -> None:
    assert bool(objections(read_restarting(stack(tmp_path, api=spec)))) == objected


def test_what_is_to_end_may_end(tmp_path: Path) -> None:
    migration = {"deploy": {"restart_policy": {"condition": "on-failure"}}}
    waits = {"depends_on": {"migration": {"condition": "service_completed_successfully"}}}
    assert set(read_restarting(stack(tmp_path, api=waits, migration=migration)).of) == {"api"}
