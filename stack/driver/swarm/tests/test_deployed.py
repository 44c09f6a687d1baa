"""When a stack on Swarm counts as well, and when waiting is in vain."""

from typing import Any

import pytest

from stack.driver.swarm import deployed

CONTAINER = {"Image": "shop:1", "Mounts": [{"Type": "bind", "Source": "/data"}, {"Type": "volume", "Source": "v"}]}
NODES = {"n1": "node1"}


def task(state: str = "running", **told: object) -> dict[str, Any]:
    """What an engine says of a task of the service below; without what is empty, as engines leave it out."""
    return {
        "ID": told.get("id", "t1"), "ServiceID": told.get("service", "s1"), "NodeID": told.get("node", "n1"),
        "CreatedAt": told.get("at", "2026-11-26T12:00:00Z"), "DesiredState": told.get("desired", "running"),
        "Spec": {"ContainerSpec": told.get("container", CONTAINER)},
        "Status": {"State": state, "Err": told.get("error", "")},
    }  # fmt: skip


def service(*tasks: dict[str, Any], replicas: int = 1, update: str = "") -> deployed.Service:
    template = {"ContainerSpec": {**CONTAINER, "DNSConfig": {}}, "Resources": {"Limits": {}}}
    mode = {"Replicated": {"Replicas": replicas}}
    inspected: dict[str, Any] = {"ID": "s1", "Spec": {"Name": "shop_api", "Mode": mode, "TaskTemplate": template}}
    inspected |= {"UpdateStatus": {"State": update, "Message": "why"}} if update else {}
    return deployed._service("shop", inspected, tasks, NODES)


def test_what_an_engine_says_of_a_service() -> None:
    seen = service(task())
    assert (seen.name, seen.image, seen.folders, seen.count) == ("api", "shop:1", ("/data",), "1/1 healthy")
    assert [(one.node, one.state, one.current) for one in seen.tasks] == [("node1", "running", True)]


@pytest.mark.parametrize(
    ("tasks", "replicas", "update", "well"),
    [
        ([task()], 1, "", True),
        ([task()], 1, "completed", True),
        ([task()], 1, "rollback_completed", True),  # an old update: the tasks are as they are to be now
        ([task()], 1, "updating", False),
        ([task()], 2, "", False),
        ([], 1, "", False),
        ([task("starting")], 1, "", False),  # it runs, and its health check has not passed
        ([task(desired="shutdown")], 1, "", False),
        ([task(service="another")], 1, "", False),
        ([task(), task(id="t2", desired="shutdown")], 1, "", True),
        ([task(container={**CONTAINER, "Image": "shop:0"})], 1, "", False),  # of an earlier shape
        ([task(), task(id="t2")], 1, "", False),
    ],
)
def test_when_a_service_is_well(tasks: list[dict[str, Any]], replicas: int, update: str, well: bool) -> None:
    assert service(*tasks, replicas=replicas, update=update).well is well


def test_why_is_what_the_newest_task_said() -> None:
    old = task("failed", id="t1", at="2026-11-26T12:00:00Z", error="old")
    new = task("failed", id="t2", at="2026-11-26T12:00:01Z", error="new" * 100)
    assert service(old, new).why == ("new" * 100)[: deployed.ERROR_LENGTH]


def test_a_task_that_its_node_refuses_is_not_waited_for() -> None:
    refused = service(task("rejected", error="No such image: shop:1"))
    assert list(deployed._in_vain(refused, set(), "")) == ["api: node1 refuses it: No such image: shop:1"]
    assert list(deployed._in_vain(refused, {"t1"}, "")) == []  # it was refused before this deployment


@pytest.mark.parametrize("update", sorted(deployed.TAKEN_BACK))
def test_an_update_that_is_taken_back_is_told_once(update: str) -> None:
    rolled_back = service(task(), update=update)
    assert len(list(deployed._in_vain(rolled_back, set(), ""))) == 1
    assert list(deployed._in_vain(rolled_back, set(), rolled_back.update_told)) == []  # that of an earlier deployment


def test_an_update_under_way_is_waited_for() -> None:
    assert list(deployed._in_vain(service(task(), update="updating"), set(), "")) == []
