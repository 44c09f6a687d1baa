"""Which swarm this engine is in, if any: begun where told to, left where we began it and nobody else uses it."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from stack.driver import docker
from stack.driver.errors import EngineError, StackError
from stack.driver.swarm.service import HERE

ALONE = "127.0.0.1"  # where a swarm of one node is managed: nobody else can reach it
BEGUN, BRIDGE = "compose-compliance.swarm", "compose-compliance.bridge"  # labels of a node whose swarm is ours
GATEWAY = "docker_gwbridge"  # made with a swarm, and not removed with it


@dataclass(frozen=True, kw_only=True)
class Node:
    """A machine of the swarm, as its managers know it."""

    id: str
    name: str
    ready: bool
    labels: Mapping[str, str]


def require(*, begin: bool) -> bool:
    """See to it that this engine manages a swarm: one that is there, or a new one where told so; whether it is new.

    Raises EngineError where there is none, or this engine only works in one.
    """
    told = _told()
    if told["LocalNodeState"] == "inactive" and begin:
        _begin()
        return True
    if told["LocalNodeState"] != "active":
        raise EngineError(
            f"this engine is in no swarm (its state: {told['LocalNodeState']})",
            hint="`invoke up --swarm --init` makes one of this machine alone, and `invoke down --swarm` ends it",
        )
    if not told["ControlAvailable"]:
        raise EngineError("this engine does not manage its swarm", hint="go to one of its managers")
    return False


def begin_for(labels: Mapping[str, str]) -> None:
    """A swarm of this machine alone for a run, whose labels its node carries; one that is there is used as it is."""
    if require(begin=True):
        given = [word for name, value in labels.items() for word in ("--label-add", f"{name}={value}")]
        docker.ask("node", "update", *given, _told()["NodeID"])


def leave() -> None:
    """Leave the swarm, whoever else is in it, and remove the bridge that came with it, where it did."""
    ours = [node for node in nodes() if BEGUN in node.labels]
    docker.ask("swarm", "leave", "--force")
    if ours and BRIDGE in ours[0].labels:
        docker.ask("network", "rm", GATEWAY)


def is_active() -> bool:
    """Whether this engine manages a swarm."""
    told = _told()
    return bool(told["LocalNodeState"] == "active" and told["ControlAvailable"])


def nodes() -> list[Node]:
    """Every node of the swarm."""
    found = json.loads(docker.ask("node", "inspect", *docker.ask("node", "ls", "--quiet").split()))
    return [
        Node(
            id=one["ID"],
            name=one["Description"]["Hostname"],
            ready=one["Status"]["State"] == "ready",
            labels=one["Spec"].get("Labels") or {},
        )
        for one in found
    ]


def pin(labels: Collection[str]) -> list[str]:
    """Give this node each label that no node has: what it has of data stays here. Gives those that it got."""
    known = {label for node in nodes() for label in node.labels}
    missing = [label for label in labels if label not in known]
    if missing:
        _label(*missing)
    return missing


def unpin(stack: str) -> None:
    """Take the labels of a stack's services away again, from whichever node has them."""
    for node in nodes():
        removed = [word for label in node.labels if label.startswith(f"{stack}.") for word in ("--label-rm", label)]
        if removed:
            docker.ask("node", "update", *removed, node.id)


def end_if_ours() -> bool:
    """Leave a swarm that we began, unless it has other nodes or services by now; whether it was left."""
    ours = [node for node in nodes() if BEGUN in node.labels]
    if len(ours) != len(nodes()) or docker.ask("service", "ls", "--quiet").split():
        return False
    leave()
    return True


def _begin() -> None:
    """A swarm of this machine alone; what a removal must know of it is a label of its node, and goes with it."""
    had_bridge = GATEWAY in docker.ask("network", "ls", "--format", "{{.Name}}").split()
    docker.ask("swarm", "init", "--advertise-addr", ALONE, "--listen-addr", f"{ALONE}:2377")
    try:
        _label(*((BEGUN,) if had_bridge else (BEGUN, BRIDGE)))
    except StackError:
        docker.ask("swarm", "leave", "--force")
        raise


def _label(*labels: str) -> None:
    given = [word for label in labels for word in ("--label-add", f"{label}={HERE}")]
    docker.ask("node", "update", *given, _told()["NodeID"])


def _told() -> Mapping[str, str]:
    told: Mapping[str, str] = json.loads(docker.ask("info", "--format", "{{json .Swarm}}"))
    return told
