"""What lets a copy of a project run beside the original: no fixed names and addresses, and nothing that both have."""

from __future__ import annotations

import json
import re
import zlib
from collections.abc import Collection, Iterator, Mapping
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
FIXED = ("ipv4_address", "ipv6_address", "link_local_ips", "mac_address")


def detached(config: Config, project: str, labels: Labels, *, kept_in: bool = False) -> str:
    """An override that lets a copy run beside the original: no fixed names and addresses, ephemeral ports, some bounds.

    With `kept_in` its networks lead nowhere but to this machine; what is published answers as ever.
    Raises SubjectError for what cannot be had twice on a machine.
    """
    _refuse_what_others_have(config)
    built = _built(config)
    labelled = f"labels: {json.dumps(dict(labels))}"
    lines = ["services:"]
    for name, spec in config["services"].items():
        lines += [f"  {json.dumps(name)}:", f"    {labelled}", *_detached_service(spec), *limited(spec)]
        lines += _with_own_image(spec, built, project)
    for kind in ("networks", "volumes"):
        shared = _with_fixed_names(config, kind, project)
        lines += [f"{kind}:"] if config.get(kind) else []
        for name, spec in (config.get(kind) or {}).items():
            own = ["name: !reset null"] if name in shared else []
            own += _without_fixed_addresses(name, spec or {}, kept_in=kept_in) if kind == "networks" else []
            lines.append(f"  {json.dumps(name)}: {{ {', '.join([*own, labelled])} }}")
    return "\n".join(lines) + "\n"


def _refuse_what_others_have(config: Config) -> None:
    """Raises SubjectError for a network or a container of others, and for an address that leads to the original."""
    for name, spec in config["services"].items():
        mode = str(spec.get("network_mode") or "")
        if mode == "host":
            raise SubjectError(
                f"service `{name}` is on the machine's own network, where a fresh copy of it would want the same ports",
                hint="publish the ports that it listens on, in a network of the project",
            )
        if mode not in {"", "none", "bridge", "default"} and not mode.startswith("service:"):
            raise SubjectError(f"service `{name}` is on the network of others ({mode}): a fresh copy would share it")
        if others := spec.get("external_links"):
            raise SubjectError(f"service `{name}` is linked to {others[0]}, of which a fresh copy has none of its own")
    _refuse_written_addresses(config)


def _refuse_written_addresses(config: Config) -> None:
    """A copy has other addresses: whoever was told one of the original's would ask the original."""
    addresses = _addresses_in(config)
    for name, spec in config["services"].items():
        told = json.dumps({key: value for key, value in spec.items() if key not in {"networks", "labels"}})
        for address in addresses:
            if re.search(rf"(?<![\w.]){re.escape(address)}(?![\w.])", told):
                raise SubjectError(
                    f"service `{name}` is told the address {address}, which a fresh copy does not have",
                    hint="name the service in place of its address",
                )


def _addresses_in(config: Config) -> list[str]:
    """The addresses that services have by the Compose file."""
    ours = [how or {} for spec in config["services"].values() for how in (spec.get("networks") or {}).values()]
    return [str(how[key]) for how in ours for key in ("ipv4_address", "ipv6_address") if how.get(key)]


def _built(config: Config) -> set[str]:
    """The names that its file gives to images that are built from it."""
    return {str(spec["image"]) for spec in config["services"].values() if spec.get("build") and spec.get("image")}


def _with_own_image(spec: Config, built: Collection[str], project: str) -> Iterator[str]:
    """What is built for a copy is named for it: the original's image keeps its name. Its other names are left out."""
    if (name := spec.get("image")) and name in built:
        yield f"    image: {json.dumps(own_image(project, name))}"
    if (spec.get("build") or {}).get("tags"):
        yield "    build: { tags: !reset null }"


def own_image(project: str, name: str) -> str:
    """What a copy calls an image that is built for it: the last part stays, by which others know what it is."""
    before, _, last = name.rpartition("/")
    return f"{project}-{zlib.crc32(before.encode()):08x}/{last}"


def own_images(config: Config, project: str) -> list[str]:
    """The images that were built for a copy under a name of its own, beside those that Compose named for it."""
    return sorted(name for name in _built(config) if name.startswith(f"{project}-"))


def _detached_service(spec: Config) -> Iterator[str]:
    if ports := [f"127.0.0.1::{port['target']}/{port.get('protocol', 'tcp')}" for port in spec.get("ports") or ()]:
        yield f"    ports: !override {json.dumps(sorted(set(ports)))}"
    own = str(spec.get("container_name") or "")
    if own:
        yield "    container_name: !reset null"
    if spec.get("mac_address"):
        yield "    mac_address: !reset null"
    networks = {
        network: ", ".join([*([f'"aliases": {json.dumps([own])}'] if own else []), *_addresses(how or {})])
        for network, how in (spec.get("networks") or {}).items()
    }
    if own or any(networks.values()):
        yield f"    networks: {{{', '.join(f'{json.dumps(name)}: {{{told}}}' for name, told in networks.items())}}}"


def _addresses(how: Config) -> list[str]:
    """What takes the fixed addresses of a service in a network back."""
    return [f"{key}: !reset null" for key in FIXED if how.get(key)]


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
