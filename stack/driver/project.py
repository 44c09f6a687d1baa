"""A Compose project as files: which they are, and what `docker compose config` resolves them to."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from stack.driver.errors import SubjectError
from stack.driver.labels import Labels

Config = Mapping[str, Any]
"""What `docker compose config --format json` says: services, networks, volumes, resolved."""
OVERRIDE_NAME = ".compliance.override.yaml"


def detached(config: Config, project: str, labels: Labels) -> str:
    """An override that lets a copy run beside the original: no fixed names, ephemeral ports, on loopback only."""
    labelled = f"labels: {json.dumps(dict(labels))}"
    lines = ["services:"]
    for name, spec in config["services"].items():
        lines += [f"  {json.dumps(name)}:", f"    {labelled}"]
        if ports := [f"127.0.0.1::{port['target']}/{port.get('protocol', 'tcp')}" for port in spec.get("ports") or ()]:
            lines.append(f"    ports: !override {json.dumps(sorted(set(ports)))}")
        if name_of_its_own := spec.get("container_name"):
            aliases = {network: {"aliases": [name_of_its_own]} for network in spec.get("networks") or ()}
            lines += ["    container_name: !reset null", f"    networks: {json.dumps(aliases)}"]
    for kind in ("networks", "volumes"):
        shared = _with_fixed_names(config, kind, project)
        names = [(name, "name: !reset null, " if name in shared else "") for name in config.get(kind) or {}]
        lines += [f"{kind}:"] if names else []
        lines += [f"  {json.dumps(name)}: {{ {no_name}{labelled} }}" for name, no_name in names]
    return "\n".join(lines) + "\n"


def _with_fixed_names(config: Config, kind: str, project: str) -> list[str]:
    """The networks or volumes that a copy would share with the original; raises SubjectError for external ones."""
    found = []
    for name, spec in (config.get(kind) or {}).items():
        if spec and spec.get("external"):
            raise SubjectError(f"{kind[:-1]} `{name}` is external: a fresh copy of the stack would share it")
        if spec and spec.get("name") != f"{project}_{name}":
            found.append(name)
    return found


def seconds_in(duration: str) -> float:
    """'1m30s' as seconds: a duration as Compose resolves it (Go's notation)."""
    units = {"h": 3600.0, "ms": 1e-3, "m": 60.0, "us": 1e-6, "\u00b5s": 1e-6, "ns": 1e-9, "s": 1.0}
    parts = re.findall(rf"([\d.]+)({'|'.join(units)})", duration)
    return sum(float(number) * units[unit] for number, unit in parts)
