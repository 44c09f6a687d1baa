"""Who leads to whom: hosts and ports that a proxy or a Prometheus names in its configuration."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from checks.subject.configuration_texts import texts_of
from checks.subject.programs import words_of
from stack.driver.project import Config

LABELS_OF_PROXIES = re.compile(r"traefik\.(?:http|tcp)\.(?:routers|services)\.|caddy(?:_\d+)?(?:\.|$)")
PORT_LABEL = re.compile(r"traefik\.http\.services\.[^.]+\.loadbalancer\.server\.port")
ENVIRONMENT_OF_PROXIES = ("VIRTUAL_HOST", "VIRTUAL_PATH")  # nginx-proxy
PORT_VARIABLE = "VIRTUAL_PORT"


@dataclass(frozen=True, kw_only=True)
class Link:
    """Something leads to a service: `by` whom, `where` that stands, and to which port where it is told."""

    by: str
    where: str
    port: int | None


def links_to(config: Config, service: str, by: Iterable[str]) -> list[Link]:
    """Every place in the configurations of these services that names this one as a host."""
    named = _address(names_of(config, service))
    return [
        Link(by=other, where=_short(where), port=int(port) if (port := found["port"] or found["envoy"]) else None)
        for other in by
        for where, text in (*texts_of(config, other).items(), *_own_words(config, other).items())
        for found in named.finditer(text)
    ]


def labelled(config: Config, service: str, by: str) -> list[Link]:
    """What a service tells a proxy of itself, by labels or by its environment."""
    spec = config["services"][service]
    labels, environment = spec.get("labels") or {}, spec.get("environment") or {}
    told = [*filter(LABELS_OF_PROXIES.match, labels), *(name for name in ENVIRONMENT_OF_PROXIES if name in environment)]
    ports = [str(value) for name, value in labels.items() if PORT_LABEL.fullmatch(name)]
    ports += [str(environment[PORT_VARIABLE])] if PORT_VARIABLE in environment else []
    port = int(ports[0]) if ports and ports[0].isdigit() else None
    return [Link(by=by, where=f"`{told[0]}`", port=port)] if told else []


def names_of(config: Config, service: str) -> set[str]:
    """Every name that a service has in its networks."""
    spec = config["services"][service]
    aliases = [
        alias for network in (spec.get("networks") or {}).values() for alias in (network or {}).get("aliases") or ()
    ]
    return {service, *aliases, *(str(spec[key]) for key in ("container_name", "hostname") if spec.get(key))}


def _address(names: Iterable[str]) -> re.Pattern[str]:
    """A host of these names where one is led to: before a port, in a URL, behind the word for it."""
    host = "|".join(re.escape(name) for name in sorted(names, key=len, reverse=True))
    behind = r"://(?:[^\s/@]*@)?|\bserver\s+|_pass\s+|\breverse_proxy\s+|\bphp_fastcgi\s+|\btasks\.|\baddress:\s*[\"']?"
    port = r"(?::(?P<port>\d+)|[\"']?[\s,]+port_value:\s*(?P<envoy>\d+))?"
    return re.compile(
        rf"(?:(?:{behind})(?:{host})(?![\w.-])(?!\s*\()|(?<![\w./-])(?:{host})(?=:\d)){port}",
        re.IGNORECASE,
    )


def _own_words(config: Config, service: str) -> Mapping[str, str]:
    """The command and the environment of a service, where small proxies are told who is behind them."""
    spec = config["services"][service]
    environment = [str(value) for value in (spec.get("environment") or {}).values() if value is not None]
    return {"its command": " ".join(words_of(spec)), "its environment": "\n".join(environment)}


def _short(where: str) -> str:
    return Path(where).name if where.startswith("/") else where
