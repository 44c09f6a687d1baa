"""One service of a resolved Compose file as a stack file has it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from stack.driver.project import replicas_of, seconds_in
from stack.driver.swarm.mounts import READ_ONLY, Content, holds_data, kept_of

Spec = Mapping[str, Any]
AS_THEY_ARE = (
    "image", "user", "entrypoint", "command", "working_dir", "environment", "healthcheck", "stop_signal",
    "stop_grace_period", "init", "read_only", "cap_add", "cap_drop", "tmpfs", "sysctls", "ulimits", "extra_hosts",
    "dns", "dns_search", "hostname", "labels", "logging",
)  # fmt: skip
TRANSLATED = (
    "mem_limit", "cpus", "pids_limit", "restart", "volumes", "ports", "networks", "secrets", "deploy", "scale",
)  # fmt: skip
NEEDLESS = ("depends_on", "build")  # Swarm starts all at once and starts again what fails; images are built before
CONDITIONS = {"always": "any", "unless-stopped": "any", "on-failure": "on-failure", "no": "none"}
RESTART_DELAY = (
    "2s"  # Swarm does not back off: without a delay a service that cannot start is restarted 72 times a minute
)
OWNER_ONLY = 0o400
HERE = "here"


@dataclass(frozen=True, kw_only=True)
class Cluster:
    """Where a stack goes: how many nodes there are, and what their kernels can do."""

    nodes: int = 1
    ipvs: bool = True
    esp: bool = True

    def replicas_of(self, spec: Spec) -> int:
        """Two of what answers on a port and keeps no data; without the mesh, one node stays free for an update."""
        if not spec.get("ports") or holds_data(spec) or replicas_of(spec) != 1:
            return replicas_of(spec)
        return 2 if self.ipvs else max(1, min(2, self.nodes - 1))

    def starts_first(self, spec: Spec) -> bool:
        """Whether a new task can run beside the old one: neither at its data nor at its port of the node."""
        port_is_free = self.ipvs or not spec.get("ports") or self.nodes > self.replicas_of(spec)
        return port_is_free and not holds_data(spec)


def translated(
    stack: str, name: str, spec: Spec, cluster: Cluster, *, networks: Sequence[str], configs: Sequence[Content]
) -> dict[str, Any]:
    """What `docker stack deploy` takes for a service; of its networks, only those named are there."""
    found: dict[str, Any] = {key: spec[key] for key in AS_THEY_ARE if spec.get(key) is not None}
    parts: dict[str, object] = {
        "volumes": kept_of(spec),
        "configs": [{"source": one.key, "target": one.target, "mode": READ_ONLY} for one in configs],
        "secrets": [_secret(one, spec) for one in spec.get("secrets") or ()],
        "ports": [_port(one, cluster) for one in spec.get("ports") or ()],
        "networks": {one: _aliases((spec.get("networks") or {}).get(one)) for one in networks},
    }
    found |= {key: part for key, part in parts.items() if part}
    return found | {"deploy": _deploy(stack, name, spec, cluster)}


def pinned_by(stack: str, service: str) -> str:
    """The label of the node that has the data of a service."""
    return f"{stack}.{service}"


def lost_of(spec: Spec) -> list[str]:
    """What is said of a service and has no counterpart in a stack file."""
    known = {*AS_THEY_ARE, *TRANSLATED, *NEEDLESS}
    return sorted(key for key, value in spec.items() if value and key not in known and not key.startswith("x-"))


def _secret(used: Spec, spec: Spec) -> dict[str, Any]:
    """For the eyes of the service's own user, as the file on this machine is."""
    uid, _, gid = str(spec.get("user") or "0").partition(":")
    target = PurePosixPath(used.get("target") or used["source"])
    told = str(target) if str(target.parent) not in {".", "/run/secrets"} else target.name
    return {"source": used["source"], "target": told, "uid": uid, "gid": gid or uid, "mode": OWNER_ONLY}


def _port(port: Spec, cluster: Cluster) -> dict[str, Any]:
    mode = "ingress" if cluster.ipvs else "host"
    found = {"target": port["target"], "protocol": port.get("protocol", "tcp"), "mode": mode}
    return found | ({"published": int(port["published"])} if port.get("published") else {})


def _aliases(how: Spec | None) -> dict[str, Any]:
    return {"aliases": how["aliases"]} if how and how.get("aliases") else {}


def _deploy(stack: str, name: str, spec: Spec, cluster: Cluster) -> dict[str, Any]:
    """What the Compose file says of it itself goes before."""
    said = {key: value for key, value in (spec.get("deploy") or {}).items() if value and key != "replicas"}
    found: dict[str, Any] = {
        "replicas": cluster.replicas_of(spec),
        "endpoint_mode": "vip" if cluster.ipvs else "dnsrr",
        "restart_policy": _restart_policy(str(spec.get("restart") or "no")),
        "update_config": {**_rolling(spec, cluster), "failure_action": "rollback"},
        "rollback_config": {**_rolling(spec, cluster), "failure_action": "pause"},
        **said,
        "resources": {**(said.get("resources") or {}), "limits": _limits(spec)},
    }
    if holds_data(spec):
        constraints = (said.get("placement") or {}).get("constraints") or ()
        found["placement"] = {"constraints": [*constraints, f"node.labels.{pinned_by(stack, name)}=={HERE}"]}
    return found


def _limits(spec: Spec) -> dict[str, Any]:
    declared = ((spec.get("deploy") or {}).get("resources") or {}).get("limits") or {}
    flat = {"cpus": spec.get("cpus"), "memory": spec.get("mem_limit"), "pids": spec.get("pids_limit")}
    found = {name: value for name, value in {**flat, **declared}.items() if value}
    return {name: int(value) if name == "pids" else str(value) for name, value in found.items()}


def _restart_policy(policy: str) -> dict[str, Any]:
    name, _, times = policy.partition(":")
    found: dict[str, Any] = {"condition": CONDITIONS[name], "delay": RESTART_DELAY}
    return found | ({"max_attempts": int(times)} if times else {})


def _rolling(spec: Spec, cluster: Cluster) -> dict[str, Any]:
    """One task after the other, each watched for longer than its health check needs to find it sick.

    A new task counts as running once it is healthy, which is when an old one goes.
    """
    order = "start-first" if cluster.starts_first(spec) else "stop-first"
    return {"parallelism": 1, "order": order, "monitor": f"{_watched(spec.get('healthcheck') or {})}s"}


def _watched(check: Spec) -> int:
    declared = [seconds_in(check.get(key) or "30s") for key in ("interval", "timeout")]
    return math.ceil(2 * int(check.get("retries") or 3) * sum(declared)) if check.get("test") else 5
