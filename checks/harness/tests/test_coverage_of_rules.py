"""Nothing is claimed that no check proves, and no rule goes without a sabotage that it objects to."""

import importlib
import inspect
import pkgutil
import re
from collections.abc import Callable, Iterator
from types import CodeType, ModuleType

import pytest

from checks import requirements
from checks.core.catalog import BY_ID, REQUIREMENTS
from checks.core.registry import registered
from checks.harness.tests.all_samples import NOTHING_TRIED, PROVING, VIOLATING

RULES = {rule.name: found.id for found in REQUIREMENTS for rule in found.rules}


def modules() -> list[ModuleType]:
    """Every module of checks or mutations; the tests of our own code, in folders called `tests`, are none."""
    found = [one.name for one in pkgutil.walk_packages(requirements.__path__, "checks.requirements.")]
    return [importlib.import_module(name) for name in found if re.search(r"r\d_\w+\.test_\w+$", name)]


def written() -> list[Callable[..., None]]:
    found = [member for module in modules() for member in vars(module).values() if inspect.isfunction(member)]
    return [function for function in found if function.__name__.startswith("test_")]


def marks(name: str) -> list[tuple[Callable[..., None], pytest.Mark]]:
    return [(test, mark) for test in written() for mark in getattr(test, "pytestmark", ()) if mark.name == name]


def names_used(code: CodeType) -> Iterator[str]:
    yield from code.co_names
    for inner in code.co_consts:
        if isinstance(inner, CodeType):
            yield from names_used(inner)


CHECKS, CONTROLS = marks("requirement"), marks("control")
JUDGES = {
    kind.__name__: judge for kind, judge in registered().values() if kind.__module__.startswith("checks.requirements.")
}


def test_every_requirement_that_has_rules_has_a_check() -> None:
    assert {mark.args[0] for _, mark in CHECKS} == {found.id for found in REQUIREMENTS if found.rules}


def test_every_rule_is_named_by_a_control_of_its_requirement() -> None:
    assert {mark.kwargs["objects"]: mark.args[0] for _, mark in CONTROLS} == RULES


def test_every_test_is_marked_for_the_requirement_its_folder_is_of() -> None:
    marked = {(test, mark.args[0]) for test, mark in CHECKS + CONTROLS}
    named = {(test, test.__module__.split(".")[2].partition("_")[0].upper()) for test in written()}
    assert marked == named
    assert {found for _, found in marked} <= set(BY_ID)


def test_every_judge_is_asked_by_a_check() -> None:
    asked = {name for check, _ in CHECKS for name in names_used(check.__code__)}
    assert {judge.__name__ for judge in JUDGES.values()} <= asked
    assert len(JUDGES) >= len({mark.args[0] for _, mark in CHECKS})


def test_every_rule_has_a_doctored_observation() -> None:
    assert {rule for rule, doctored in VIOLATING.items() if doctored} == set(RULES)


@pytest.mark.parametrize("doctored", [PROVING, NOTHING_TRIED], ids=["proving", "nothing tried"])
def test_every_judge_has_doctored_observations(doctored: tuple[object, ...]) -> None:
    assert {type(seen).__name__ for seen in doctored} == set(JUDGES)
