"""Changes to files that have a project keep the rules of R2."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

import yaml

from checks.core.verdict import Violation
from checks.subject import yaml_edit
from checks.subject.draft import Draft, NoPatchError, remedies
from checks.subject.roles import Role

LOOPBACK = "127.0.0.1"
VARIABLE = re.compile(r"\$\{[^}]*\}")
OWN_KEYS = ("privileged", "pid", "ipc", "uts", "userns_mode", "cgroup", "cap_add", "devices", "security_opt")


@remedies("config-without-warning")
def drop_the_version(draft: Draft, _: Violation) -> None:
    """`version` has had no meaning since Compose 2; what else Compose warns of, a person has to give."""
    for path in draft.holding("version"):
        draft.write(path, yaml_edit.without_key(draft.text(path), ("version",)).lstrip("\n"))


@remedies("published-on-loopback-only")
def publish_on_loopback(draft: Draft, violation: Violation) -> None:
    """Each port that is not on loopback, in the form in which it is written."""
    for service in _named_in(violation, draft):
        for path in draft.holding("services", service, "ports"):
            _bind(draft, path, service)


def _bind(draft: Draft, file: Path, service: str) -> None:
    keys = ("services", service, "ports")
    ports = yaml_edit.node_at(draft.text(file), keys)
    for at, port in enumerate(ports.value if isinstance(ports, yaml.SequenceNode) else ()):
        text = draft.text(file)
        if isinstance(port, yaml.MappingNode):
            draft.write(file, yaml_edit.with_key(text, (*keys, at), "host_ip", LOOPBACK))
        elif (node := yaml_edit.node_at(text, (*keys, at))) is not None:
            draft.write(file, yaml_edit.replaced(text, node, f'"{on_loopback(str(node.value))}"'))


def on_loopback(port: str) -> str:
    """A port in the short form (`[[address:]host:]container[/protocol]`), published on loopback."""
    parts = split_at_colons(port)
    if len(parts) == 1:
        return f"{LOOPBACK}::{port}"
    return ":".join([LOOPBACK, *parts[-2:]])


def split_at_colons(port: str) -> list[str]:
    """In its parts; a colon inside of a variable or of brackets (IPv6) parts nothing."""
    kept = [*VARIABLE.findall(port), *re.findall(r"\[[^\]]*\]", port)]
    for number, one in enumerate(kept):
        port = port.replace(one, f"\0{number}\0")
    return [re.sub("\0(\\d+)\0", lambda found: kept[int(found[1])], part) for part in port.split(":")]


def _named_in(violation: Violation, draft: Draft) -> list[str]:
    """The services that a violation names first in each of its lines."""
    told: Iterable[object] = violation.seen if isinstance(violation.seen, list) else ()
    return [name for name in dict.fromkeys(str(one).split()[0] for one in told) if draft.holding("services", name)]


@remedies("redis-on-no-host-port")
def unpublish_redis(draft: Draft, _: Violation) -> None:
    for service in draft.files.candidates(Role.REDIS):
        draft.remove(service, "ports")


@remedies("no-dangerous-privileges")
def take_powers_away(draft: Draft, violation: Violation) -> None:
    """The keys that give them, where each is one that nothing else hangs on."""
    told: Iterable[object] = violation.seen if isinstance(violation.seen, list) else ()
    for service, key in dict.fromkeys(tuple(str(one).rstrip(":").split()[:2]) for one in told):
        name = key.rstrip(":")
        if name not in OWN_KEYS:
            raise NoPatchError(f"whether `{service}` works without `{name}` is for its owner to say")
        draft.remove(service, name)
