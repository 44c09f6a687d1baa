"""What lets a copy of a project run beside the original: an override with names, addresses and ports of its own."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from stack.driver.errors import SubjectError
from stack.driver.labels import Labels
from stack.driver.limits import limited

Config = Mapping[str, Any]
"""As Compose resolved it."""
OF_THE_BRIDGE = "com.docker.network.bridge."
WITHOUT_WAY_BACK: Mapping[str, str] = {  # what is sent out of it bears an address that no answer finds
    f"{OF_THE_BRIDGE}enable_ip_masquerade": "false"
}


def detached(config: Config, project: str, labels: Labels, *, kept_in: bool = False) -> str:
    """An override that lets a copy run beside the original: no fixed names and addresses, ephemeral ports, some bounds.

    With `kept_in` its networks lead nowhere but to this machine; what is published answers as ever.
    Raises SubjectError for what cannot be had twice on a machine.
    """
    labelled = f"labels: {json.dumps(dict(labels))}"
    lines = ["services:"]
    for name, spec in config["services"].items():
        lines += [f"  {json.dumps(name)}:", f"    {labelled}", *_detached_service(name, spec), *limited(spec)]
    for kind in ("networks", "volumes"):
        shared = _with_fixed_names(config, kind, project)
        lines += [f"{kind}:"] if config.get(kind) else []
        for name, spec in (config.get(kind) or {}).items():
            own = ["name: !reset null"] if name in shared else []
            own += _without_fixed_addresses(name, spec or {}, kept_in=kept_in) if kind == "networks" else []
            lines.append(f"  {json.dumps(name)}: {{ {', '.join([*own, labelled])} }}")
    return "\n".join(lines) + "\n"


def _detached_service(name: str, spec: Config) -> Iterator[str]:
    if spec.get("network_mode") == "host":
        raise SubjectError(
            f"service `{name}` is on the machine's own network, where a fresh copy of it would want the same ports",
            hint="publish the ports that it listens on, in a network of the project",
        )
    if ports := [f"127.0.0.1::{port['target']}/{port.get('protocol', 'tcp')}" for port in spec.get("ports") or ()]:
        yield f"    ports: !override {json.dumps(sorted(set(ports)))}"
    own = str(spec.get("container_name") or "")
    if own:
        yield "    container_name: !reset null"
    networks = {
        network: ", ".join([*([f'"aliases": {json.dumps([own])}'] if own else []), *_addresses(how or {})])
        for network, how in (spec.get("networks") or {}).items()
    }
    if own or any(networks.values()):
        yield f"    networks: {{{', '.join(f'{json.dumps(name)}: {{{told}}}' for name, told in networks.items())}}}"


def _addresses(how: Config) -> list[str]:
    """What takes the fixed addresses of a service in a network back."""
    fixed = ("ipv4_address", "ipv6_address", "link_local_ips", "mac_address")
    return [f"{key}: !reset null" for key in fixed if how.get(key)]


def _without_fixed_addresses(name: str, spec: Config, *, kept_in: bool) -> list[str]:
    """What takes a network's subnets and the name of its bridge back, which can be had once on a machine."""
    bridges = spec.get("driver") in {None, "bridge"}
    if spec.get("driver") in {"macvlan", "ipvlan", "host"}:
        raise SubjectError(f"network `{name}` is the machine's own ({spec['driver']}): a fresh copy would share it")
    found = ["ipam: !reset null"] if (spec.get("ipam") or {}).get("config") else []
    options = spec.get("driver_opts") or {}
    if kept_in and bridges:
        others = {option: value for option, value in options.items() if not option.startswith(OF_THE_BRIDGE)}
        found.append(f"driver_opts: !override {json.dumps({**others, **WITHOUT_WAY_BACK})}")
    elif any(option.startswith(OF_THE_BRIDGE) for option in options):
        found.append("driver_opts: !reset null")
    return found


def _with_fixed_names(config: Config, kind: str, project: str) -> list[str]:
    """The networks or volumes that a copy would share with the original; raises SubjectError for external ones."""
    found = []
    for name, spec in (config.get(kind) or {}).items():
        if spec and spec.get("external"):
            raise SubjectError(f"{kind[:-1]} `{name}` is external: a fresh copy of the stack would share it")
        if spec and spec.get("name") != f"{project}_{name}":
            found.append(name)
    return found
