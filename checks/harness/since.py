"""A pytest plugin: `--since REF` leaves out what a change since that commit cannot have touched, and says so.

The process that starts the workers finds out, and tells them.
"""

from __future__ import annotations

from typing import Any

import pytest

from checks.core.run import Kind
from checks.core.tier import Tier
from checks.harness import plan, plugin, trusting
from checks.harness.rests import SinceError, rests
from checks.subject import profile
from stack.driver import engine
from stack.driver.errors import StackError

RESTING = pytest.StashKey[list[str]]()
RESTING_GIVEN = "compliance_resting"
COPIES = {"copied", "shared", "mutated", "in_part", "unstarted", "on_another_engine"}
"""The fixtures that make a copy of the project, to build or to start it; who asks for none looks at files alone."""


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.getgroup("compliance").addoption(
        "--since", metavar="REF",
        help="run only what a change since this commit can have touched; the rest rests on earlier evidence",
    )  # fmt: skip


@pytest.hookimpl(trylast=True)
def pytest_sessionstart(session: pytest.Session) -> None:
    """Find out what rests on what, once the folder of this run has begun."""
    config = session.config
    if given := getattr(config, "workerinput", {}).get(RESTING_GIVEN):
        config.stash[RESTING] = given
    elif config.getoption("since") and plugin.FOLDER in config.stash:
        config.stash[RESTING] = _found(config)


def _found(config: pytest.Config) -> list[str]:
    try:
        subject = profile.read(config.getoption("stack"), trusting.given(config.option))
        kind = Kind.MUTATION if "mutation" in config.getoption("markexpr") else Kind.CHECK
        found = rests(kind, config.getoption("since"), subject, engine.find(), config.getoption("evidence"))
    except (SinceError, StackError) as problem:
        raise pytest.UsageError(str(problem)) from problem
    for rest in found:
        config.stash[plugin.FOLDER].note(rest.told(config.getoption("since")))
    return [requirement for rest in found for requirement in rest.requirements]


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:  # noqa: ANN401 - xdist's WorkerController, of which it gives no type
    node.workerinput[RESTING_GIVEN] = node.config.stash.get(RESTING, [])


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what rests, but for what looks at files alone."""
    resting = config.stash.get(RESTING, [])
    config.hook.pytest_deselected(items=plan.take_out(items, lambda item: _rests(item, resting)))


def _rests(item: pytest.Item, resting: list[str]) -> bool:
    planned = item.stash.get(plugin.PLANNED, None)
    if planned is None or planned.requirement not in resting:
        return False
    if planned.kind is Kind.CHECK:
        return planned.tier is not Tier.DECLARED
    return not COPIES.isdisjoint(getattr(item, "fixturenames", ()))
