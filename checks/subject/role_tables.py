"""The tables of what a role's services are known by: `role.toml` of each role, and who stands beside an app."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cache
from pathlib import Path

from pydantic import TypeAdapter

from checks.core import image_reference

SHELF = Path(__file__).resolve().parents[1] / "roles"
TABLE, BYSTANDERS = "role.toml", "bystanders.toml"
ENGINES_OWN = "library"  # the organisation of an image that is named without one


class Role(StrEnum):
    API = "api"
    REDIS = "redis"
    PROMETHEUS = "prometheus"


@dataclass(frozen=True, kw_only=True)
class Kind:
    """Services known by their image or their program; `ends_in` is the last word of an image's name."""

    images: frozenset[str] = frozenset()
    programs: frozenset[str] = frozenset()
    ends_in: frozenset[str] = frozenset()

    def image(self, reference: str) -> bool:
        """Whether an image is of this kind: by the last part of its name, or the last two, never by a piece of one."""
        parts = names_in(reference)
        return bool(self.images & set(parts)) or bool(parts and re.split(r"[-_]", parts[0])[-1] in self.ends_in)


@dataclass(frozen=True, kw_only=True)
class Product(Kind):
    """What plays a role. `clients` stand in the same images and only talk to it, `unlike` says that it is another."""

    title: str
    without: str
    ports: tuple[int, ...] = ()
    clients: frozenset[str] = frozenset()
    unlike: frozenset[str] = frozenset()
    debuggers: frozenset[int] = frozenset()
    listens: Mapping[str, int] = field(default_factory=dict)


@cache
def product(role: Role) -> Product:
    """The table of a role."""
    told = tomllib.loads((SHELF / role / TABLE).read_text("utf-8"))
    return TypeAdapter(Product).validate_python(told, extra="forbid")


@cache
def bystanders() -> Mapping[str, Kind]:
    """{kind: what it is known by} of services that play none of the roles."""
    told = tomllib.loads((SHELF / BYSTANDERS).read_text("utf-8"))
    return TypeAdapter(dict[str, Kind]).validate_python(told, extra="forbid")


def names_in(text: str) -> tuple[str, ...]:
    """The last part of an image's name, and the last two: ('redis', 'library/redis'); () for what is no reference."""
    reference = image_reference.parse(text)
    if reference is None:
        return ()
    *before, name = reference.name.split("/")
    return name, f"{before[-1] if before else ENGINES_OWN}/{name}"
