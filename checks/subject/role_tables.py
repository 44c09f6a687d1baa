"""The tables of what a role's services are known by: `role.toml` of each role, and who stands beside an app."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import ClassVar

from pydantic import TypeAdapter

from checks.core import image_reference

SHELF = Path(__file__).resolve().parents[1] / "roles"
TABLE, BYSTANDERS = "role.toml", "bystanders.toml"
ENGINES_OWN = "library"  # the organisation of an image that is named without one


class Role(str):
    """The name of a folder on the shelf that has a table; these three are what our own requirements speak of."""

    __slots__ = ()

    API: ClassVar[Role]
    REDIS: ClassVar[Role]
    PROMETHEUS: ClassVar[Role]


Role.API, Role.REDIS, Role.PROMETHEUS = Role("api"), Role("redis"), Role("prometheus")


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
    """What plays a role. `clients` stand in the same images and only talk to it, `unlike` says that it is another.

    `follows` are words of its command or its variables (`NAME=value`) that say that it keeps what another has.

    `told` is what a profile's key for it means, `without` what is said where nobody plays it; `speaks` is what speaks
    for whoever the function of that name, in the role's `speaks.py`, is true of, '' where there is no such function.
    """

    title: str
    told: str
    without: str
    speaks: str = ""
    ports: tuple[int, ...] = ()
    clients: frozenset[str] = frozenset()
    unlike: frozenset[str] = frozenset()
    follows: frozenset[str] = frozenset()
    debuggers: frozenset[int] = frozenset()
    listens: Mapping[str, int] = field(default_factory=dict)


@cache
def every_role() -> tuple[Role, ...]:
    """Each role that has a table."""
    return tuple(Role(table.parent.name) for table in sorted(SHELF.glob(f"*/{TABLE}")))


@cache
def product(role: Role) -> Product:
    """The table of a role."""
    told = tomllib.loads((SHELF / role / TABLE).read_text("utf-8"))
    return TypeAdapter(Product).validate_python(told, extra="forbid")


@cache
def bystanders() -> Mapping[str, Kind]:
    """{kind: what it is known by} of services that play none of the roles: what a role's table has is no bystander."""
    told = tomllib.loads((SHELF / BYSTANDERS).read_text("utf-8"))
    kinds = TypeAdapter(dict[str, Kind]).validate_python(told, extra="forbid")
    images = frozenset(image for role in every_role() for image in product(role).images)
    programs = frozenset(program for role in every_role() for program in product(role).programs)
    return {
        name: replace(kind, images=kind.images - images, programs=kind.programs - programs)
        for name, kind in kinds.items()
    }


def names_in(text: str) -> tuple[str, ...]:
    """The last part of an image's name, and the last two: ('redis', 'library/redis'); () for what is no reference."""
    reference = image_reference.parse(text)
    if reference is None:
        return ()
    *before, name = reference.name.split("/")
    return name, f"{before[-1] if before else ENGINES_OWN}/{name}"
