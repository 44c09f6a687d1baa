"""The requirements that there are: every folder with a `requirement.toml`, on our shelf and on those that are named."""

from __future__ import annotations

import importlib
import pkgutil
import re
import sys
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from types import ModuleType
from typing import Any

from pydantic import TypeAdapter, ValidationError

from checks.core.requirement import Control, Reference, Requirement, Rule
from stack.driver.errors import SubjectError

CLAIM = "requirement.toml"
SHELF = Path(__file__).resolve().parents[1] / "requirements"
RULES, REFERENCES = TypeAdapter(tuple[Rule, ...]), TypeAdapter(tuple[Reference, ...])
CONTROLS = TypeAdapter(tuple[Control, ...])
NAMES = TypeAdapter(tuple[str, ...])


class CatalogError(SubjectError):
    """A folder of requirements cannot be used."""


@dataclass(frozen=True)
class Catalog:
    """Requirements, in the order of their numbers."""

    requirements: tuple[Requirement, ...]

    @cached_property
    def by_id(self) -> Mapping[str, Requirement]:
        """{id: requirement}."""
        return {known.id: known for known in self.requirements}

    def of_file(self, file: Path) -> Requirement | None:
        """The requirement in whose folder a file stands."""
        return next((known for known in self.requirements if file.is_relative_to(known.folder)), None)


@dataclass(frozen=True, kw_only=True)
class Samples:
    """Observations as no stack gave them.

    `passing` violate nothing; `failing` violate, for each rule, that one and nothing else; `vacuous` are what a check
    leaves that tried nothing, one of each kind.
    """

    passing: tuple[object, ...]
    failing: Mapping[str, tuple[object, ...]]
    vacuous: tuple[object, ...]


@cache
def read(*shelves: Path) -> Catalog:
    """Our requirements and those of other shelves, each a folder of such folders or one of them itself.

    Raises CatalogError for a shelf without any, a claim that cannot be read, or one that has an id of another.
    """
    found = [_requirement(file, f"checks.requirements.{file.parent.name}") for file in sorted(SHELF.glob(f"*/{CLAIM}"))]
    found += [_from_outside(file) for shelf in shelves for file in _claims(shelf.resolve())]
    ids = [known.id for known in found]
    if twice := {one for one in ids if ids.count(one) > 1}:
        raise CatalogError(f"two requirements are called {min(twice)}")
    return Catalog(tuple(sorted(found, key=_number)))


def load_judges(catalog: Catalog) -> None:
    """Import every judge, so that the function that judges each class of observation is known."""
    for known in catalog.requirements:
        for _ in _modules(known, "judge"):
            pass


def load_remedies(catalog: Catalog) -> None:
    """Import what is known of how files would have to change; a requirement need not know any."""
    for known in catalog.requirements:
        if (known.folder / "remedies.py").is_file():
            for _ in _modules(known, "remedies"):
                pass


def samples(requirement: Requirement) -> Samples:
    """The samples of a requirement."""
    modules = list(_modules(requirement, "samples"))
    return Samples(
        passing=tuple(seen for module in modules for seen in module.PASSING),
        failing={rule: seen for module in modules for rule, seen in module.FAILING.items()},
        vacuous=tuple(seen for module in modules for seen in module.VACUOUS),
    )


def _claims(shelf: Path) -> list[Path]:
    claims = [shelf / CLAIM] if (shelf / CLAIM).is_file() else sorted(shelf.glob(f"*/{CLAIM}"))
    if not claims:
        raise CatalogError(f"{shelf} holds no requirement", hint=f"a requirement is a folder with a `{CLAIM}`")
    return claims


def _from_outside(file: Path) -> Requirement:
    """A requirement of another shelf, whose folder is imported as a package by its own name, as pytest does it."""
    package, parent = file.parent.name, str(file.parent.parent)
    known = sys.modules.get(package)
    if not package.isidentifier() or (known and str(file.parent) not in getattr(known, "__path__", ())):
        raise CatalogError(f"{file.parent} cannot be imported as `{package}`", hint="give the folder another name")
    if parent not in sys.path:
        sys.path.insert(0, parent)
    return _requirement(file, package)


def _requirement(file: Path, package: str) -> Requirement:
    try:
        told = tomllib.loads(file.read_text("utf-8"))
        rules = RULES.validate_python(told.pop("rules", []), extra="forbid")
        return Requirement(
            **{name: _sentence(told, name) for name in ("id", "title", "wording", "why")},
            references=REFERENCES.validate_python(told.pop("references", []), extra="forbid"),
            rules=rules,
            controls=_controls(told.pop("controls", []), rules),
            needs=NAMES.validate_python(told.pop("needs", [])),
            logins=NAMES.validate_python(told.pop("logins", [])),
            folder=file.parent,
            package=package,
        )
    except (OSError, ValueError, TypeError, ValidationError) as problem:
        raise CatalogError(f"{file} cannot be used: {problem}") from problem


def _controls(told: object, rules: tuple[Rule, ...]) -> tuple[Control, ...]:
    """A control that names no rule, or one that is not there, would claim what nothing proves."""
    controls: tuple[Control, ...] = CONTROLS.validate_python(told, extra="forbid")
    known = {rule.name for rule in rules}
    for control in controls:
        if not control.rules or not known.issuperset(control.rules):
            raise ValueError(f"control {control.item} must name rules of this requirement")
    return controls


def _sentence(told: dict[str, Any], name: str) -> str:
    if not isinstance(told.get(name), str):
        raise ValueError(f"`{name}` is missing, or no text")  # noqa: TRY004 - told with all else that is wrong
    return str(told.pop(name))


def _number(requirement: Requirement) -> tuple[int, str]:
    """R10 comes after R9."""
    digits = re.search(r"\d+", requirement.id)
    return int(digits[0]) if digits else 0, requirement.id


def _modules(requirement: Requirement, name: str) -> Iterator[ModuleType]:
    """The module of this name in a requirement's folder or, where it is a package, the modules in that."""
    path = f"{requirement.package}.{name}"
    try:
        found = importlib.import_module(path)
        inside = pkgutil.iter_modules(found.__path__) if hasattr(found, "__path__") else ()
        yield from [importlib.import_module(f"{path}.{one.name}") for one in inside] or [found]
    except Exception as problem:
        raise CatalogError(f"{path} cannot be imported: {problem!r}") from problem
