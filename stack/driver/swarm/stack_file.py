"""A resolved Compose file as a stack file: what `docker stack deploy -c` takes, without us."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from stack.driver.project import Config
from stack.driver.swarm.mounts import Content, configs_of, holds_data, secret_digest_of
from stack.driver.swarm.service import HERE, Cluster, lost_of, pinned_by, translated

VERSION = "3.12"  # the first with `start_interval`
WHY_LOST = {
    "security_opt": "a stack file cannot say it: give the engines `no-new-privileges`; their seccomp profile holds",
    "network_mode": "a stack file cannot say it: its networks alone are left",
}
BY_ITSELF = "has no counterpart in a stack file"


@dataclass(frozen=True, kw_only=True)
class StackFile:
    """The stack, the labels of nodes that it needs, and what it does not keep of the Compose file."""

    stack: Mapping[str, Any]
    labels: tuple[str, ...]
    notes: tuple[str, ...]

    def as_yaml(self) -> str:
        """It as a person reads it, with what is to be known at its head."""
        labels = [f"a node needs the label: docker node update --label-add {one}={HERE} NODE" for one in self.labels]
        head = "".join(
            f"# {line}\n" for line in ("For `docker stack deploy --compose-file FILE NAME`.", *self.notes, *labels)
        )
        return head + yaml.safe_dump(dict(self.stack), sort_keys=False, width=120, allow_unicode=True)


@dataclass(frozen=True, kw_only=True)
class Aside:
    """What is otherwise in a cluster: services that are not deployed, files that take the place of others."""

    services: Collection[str] = ()
    files: Mapping[str, Path] = field(default_factory=dict)


def rendered_of(config: Config, name: str, cluster: Cluster, aside: Aside) -> StackFile:
    """The resolved Compose file for a stack of this name. Secrets and configs are read, and only their hashes told."""
    specs = {one: spec for one, spec in config["services"].items() if one not in aside.services}
    networks = _networks(config, specs, cluster)
    contents = {one: configs_of(one, spec, aside.files) for one, spec in specs.items()}
    services = {
        one: translated(
            name, one, spec, cluster, networks=[net for net in networks if net in (spec.get("networks") or {})],
            configs=contents[one],
        )
        for one, spec in specs.items()
    }  # fmt: skip
    parts = {
        "networks": networks,
        "volumes": _volumes(config, services.values()),
        "configs": {one.key: one.named(name) for found in contents.values() for one in found},
        "secrets": _secrets(config, name, specs.values()),
    }
    return StackFile(
        stack={"version": VERSION, "services": services, **{key: part for key, part in parts.items() if part}},
        labels=tuple(pinned_by(name, one) for one, spec in specs.items() if holds_data(spec)),
        notes=_notes(specs, cluster, aside),
    )


def _networks(config: Config, specs: Mapping[str, Any], cluster: Cluster) -> dict[str, Any]:
    """Overlays; an inner one that only one service is left on leads nowhere."""
    found = {}
    for name, spec in (config.get("networks") or {}).items():
        members = [one for one in specs.values() if name in (one.get("networks") or {})]
        if members and not (spec.get("internal") and len(members) == 1 and len(members[0]["networks"]) > 1):
            found[name] = {"driver": "overlay", **_overlay(spec, cluster)}
    return found


def _overlay(spec: Mapping[str, Any], cluster: Cluster) -> dict[str, Any]:
    """What only services of the stack say to one another is encrypted, where nodes can and there are several."""
    if not spec.get("internal"):
        return {}
    return {"internal": True} | ({"driver_opts": {"encrypted": "true"}} if cluster.esp and cluster.nodes > 1 else {})


def _volumes(config: Config, services: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """Under the names that Compose gives them: on the same machine it is the same data."""
    mounts = [mount for spec in services for mount in spec.get("volumes") or ()]
    used = {mount["source"] for mount in mounts if mount["type"] == "volume" and mount.get("source")}
    return {name: dict(spec or {}) for name, spec in (config.get("volumes") or {}).items() if name in used}


def _secrets(config: Config, name: str, specs: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    used = {one["source"] for spec in specs for one in spec.get("secrets") or ()}
    files = {key: Path(spec["file"]) for key, spec in (config.get("secrets") or {}).items() if key in used}
    found = [
        Content(key=key, file=str(file), digest=secret_digest_of(file.read_bytes()), target=key)
        for key, file in files.items()
    ]
    return {one.key: one.named(name) for one in found}


def _notes(specs: Mapping[str, Any], cluster: Cluster, aside: Aside) -> tuple[str, ...]:
    """What whoever deploys it is to know, a line each."""
    lost: dict[str, list[str]] = {}
    for name, spec in specs.items():
        for key in lost_of(spec):
            lost.setdefault(key, []).append(name)
    notes = [f"{key} ({', '.join(names)}): {WHY_LOST.get(key, BY_ITSELF)}" for key, names in lost.items()]
    if aside.services:
        notes.append(f"not deployed: {', '.join(aside.services)}; Swarm restarts what is unhealthy by itself")
    if local := [name for name, spec in specs.items() if any(port.get("host_ip") for port in spec.get("ports") or ())]:
        notes.append(f"ports ({', '.join(local)}): on every address of a node; Swarm cannot keep them to one")
    if not cluster.ipvs:
        notes.append(
            "the kernel has no IPVS: no ingress mesh and no virtual addresses; ports are on the nodes of the tasks"
        )
    if cluster.nodes > 1 and not cluster.esp:
        notes.append("the kernel has no ESP: what services say to one another between nodes is not encrypted")
    return tuple(notes)
