"""What a requirement's folder still lacks: a check, a mutation for each rule, a sample for each judge and rule."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections.abc import Callable, Iterator
from types import CodeType

import pytest

from checks.core import catalog, registry
from checks.core.catalog import Catalog, Samples
from checks.core.codec import as_data
from checks.core.requirement import Requirement
from checks.core.run import Kind
from checks.core.tier import Tier

Test = Callable[..., None]
FILES = {Kind.CHECK: tuple(f"test_{tier}" for tier in Tier), Kind.MUTATION: ("test_mutations",)}


def gaps(known: Catalog, requirement: Requirement) -> list[str]:
    """A sentence for each thing that is missing; an empty list where every rule can be trusted."""
    catalog.load_judges(known)
    samples = catalog.samples(requirement)
    judges = judges_of(requirement)
    return [
        *_without_check(requirement, set(judges.values())),
        *_without_mutation(requirement),
        *_without_sample(requirement, samples, set(judges)),
        *_misjudged(samples),
    ]


def judges_of(requirement: Requirement) -> dict[str, str]:
    """{class of observation: its judge} of a requirement, by their names."""
    inside = f"{requirement.package}."
    return {
        kind.__name__: judge.__name__
        for kind, judge in registry.registered().values()
        if kind.__module__.startswith(inside)
    }


def marked(requirement: Requirement, kind: Kind) -> list[tuple[Test, pytest.Mark]]:
    """The checks or the mutations of a requirement, with the marker of each."""
    return [
        (test, mark)
        for name in FILES[kind]
        for test in _tests(requirement, name)
        for mark in getattr(test, "pytestmark", ())
        if mark.name == kind
    ]


def unmarked(requirement: Requirement) -> list[str]:
    """Tests in files of checks or mutations that no marker puts into a plan."""
    planned = {test for kind in Kind for test, _ in marked(requirement, kind)}
    written = [test for names in FILES.values() for name in names for test in _tests(requirement, name)]
    return [f"{test.__module__}.{test.__name__}" for test in written if test not in planned]


def names_used(code: CodeType) -> Iterator[str]:
    """Every name that a function, or one inside it, uses."""
    yield from code.co_names
    for inner in code.co_consts:
        if isinstance(inner, CodeType):
            yield from names_used(inner)


def _tests(requirement: Requirement, name: str) -> list[Test]:
    there = {found.name for found in pkgutil.iter_modules([str(requirement.folder)])}
    if name not in there:
        return []
    members = vars(importlib.import_module(f"{requirement.package}.{name}")).values()
    return [member for member in members if inspect.isfunction(member) and member.__name__.startswith("test_")]


def _without_check(requirement: Requirement, judges: set[str]) -> Iterator[str]:
    checks = marked(requirement, Kind.CHECK)
    asked = {name for check, _ in checks for name in names_used(check.__code__)}
    if requirement.rules and not checks:
        yield f"{requirement.id} has no check"
    yield from (f"{requirement.id}: no check asks the judge `{judge}`" for judge in sorted(judges - asked))
    yield from (f"{requirement.id}: `{name}` is marked as nothing" for name in unmarked(requirement))


def _without_mutation(requirement: Requirement) -> Iterator[str]:
    objects = {mark.kwargs.get("objects") for _, mark in marked(requirement, Kind.MUTATION)}
    rules = {rule.name for rule in requirement.rules}
    yield from (f"{requirement.id}: rule `{rule}` has no mutation" for rule in sorted(rules - objects))
    yield from (
        f"{requirement.id}: a mutation names `{rule}`, no rule of it" for rule in sorted(map(str, objects - rules))
    )


def _without_sample(requirement: Requirement, samples: Samples, judged: set[str]) -> Iterator[str]:
    rules = {rule.name for rule in requirement.rules}
    failing = {rule for rule, found in samples.failing.items() if found}
    yield from (f"{requirement.id}: rule `{rule}` has no failing sample" for rule in sorted(rules ^ failing))
    for group, found in (("passing", samples.passing), ("vacuous", samples.vacuous)):
        there = {type(seen).__name__ for seen in found}
        yield from (f"{requirement.id}: no {group} sample of `{kind}`" for kind in sorted(judged ^ there))


def _misjudged(samples: Samples) -> Iterator[str]:
    yield from (f"{seen!r} passes, and is objected to" for seen in samples.passing if registry.judge(seen))
    yield from (f"{seen!r} tried nothing, and is proven" for seen in samples.vacuous if not registry.judge(seen))
    for rule, failing in samples.failing.items():
        for seen in failing:
            if (objected := registry.objections(seen)) != {rule}:
                yield f"{seen!r} fails `{rule}` alone, and what objects is {', '.join(sorted(objected)) or 'nothing'}"
    for seen in (*samples.passing, *samples.vacuous, *(one for found in samples.failing.values() for one in found)):
        if registry.rebuild(type(seen).__name__, as_data(seen)) != seen:
            yield f"{seen!r} is another when it is read back"
