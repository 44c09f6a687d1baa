"""What a run sets out to do: which requirement, kind and tier each collected test has, and which are selected."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from difflib import get_close_matches
from pathlib import Path

import pytest

from checks.core import catalog
from checks.core.catalog import CLAIM, Catalog, CatalogError
from checks.core.requirement import Requirement
from checks.core.run import Kind, Planned
from checks.core.runner import COMPOSE, RUNNERS, SWARM
from checks.core.tier import Tier, tier_of
from checks.subject.role_tables import every_role

ON_SWARM = (Tier.DECLARED, Tier.BUILT, Tier.RUNNING)  # what has been tried there


def add_options(parser: pytest.Parser) -> None:
    """Add what selects checks."""
    group = parser.getgroup("compliance")
    group.addoption(
        "--runner", choices=RUNNERS, default=COMPOSE, metavar="RUNNER",
        help=f"by whom the project is run, whose rules are judged: {', '.join(RUNNERS)}",
    )  # fmt: skip
    group.addoption(
        "--tier", type=Tier, choices=list(Tier), metavar="TIER",
        help=f"run the checks of this tier and of those below it: {', '.join(Tier)}",
    )  # fmt: skip
    group.addoption(
        "--requirements", type=Path, action="append", default=[], metavar="DIR",
        help="a folder of requirements beside ours; can be given again",
    )  # fmt: skip


def shelves(config: pytest.Config) -> tuple[Path, ...]:
    """The folders of requirements beside ours."""
    return tuple(folder.resolve() for folder in config.getoption("requirements"))


def known(config: pytest.Config) -> Catalog:
    """The requirements that this run knows; raises UsageError for a folder that cannot be used."""
    try:
        found = catalog.read(*shelves(config))
        require_roles(found)
    except CatalogError as problem:
        raise pytest.UsageError(f"{problem.sentence} ({problem.hint})") from problem
    return found


def require_roles(found: Catalog) -> None:
    """Raises CatalogError for a requirement that needs what is no role."""
    roles = [str(role) for role in every_role()]
    for requirement in found.requirements:
        if unknown := [need for need in requirement.needs if need not in roles]:
            near = get_close_matches(unknown[0], roles, n=1)
            raise CatalogError(
                f"{requirement.folder / CLAIM}: `needs` names `{unknown[0]}`, which is no role",
                hint=f"did you mean `{near[0]}`?" if near else f"there are {', '.join(roles)}",
            )


def collect_other_shelves(config: pytest.Config) -> None:
    """Collect the folders of requirements beside ours as if they had been named; raises UsageError for a bad one."""
    known(config)
    named = {Path(argument.partition("::")[0]).resolve() for argument in config.args}
    config.args += [str(folder) for folder in shelves(config) if folder not in named]


def take_out(items: list[pytest.Item], which: Callable[[pytest.Item], bool]) -> list[pytest.Item]:
    """Takes those out of `items`, and gives them."""
    out = [item for item in items if which(item)]
    items[:] = [item for item in items if item not in out]
    return out


def planned_of(item: pytest.Item) -> Planned | None:
    """What a test is in the plan, by its marker, its folder and its file; None for one that is neither."""
    if marker := item.get_closest_marker("mutation"):
        return _mutation(item, marker)
    if marker := item.get_closest_marker("check"):
        named = _requirement(item, marker)
        return Planned(name=item.nodeid, requirement=named.id, kind=Kind.CHECK, tier=tier_of(item.path))
    return None


def beyond(limit: Tier, planned: Planned) -> bool:
    """Whether a check is of a tier above the limit; one of no tier is exercised, for all that is known."""
    return planned.kind is Kind.CHECK and not (planned.tier or Tier.EXERCISED).within(limit)


def require_a_runner(config: pytest.Config) -> None:
    """Raises UsageError where something would be started and broken that cannot be with this runner."""
    if config.getoption("runner") == SWARM and config.getoption("tier") not in {*ON_SWARM}:
        raise pytest.UsageError(f"`--runner swarm` goes no further than `--tier {ON_SWARM[-1]}`: say so")
    if config.getoption("runner") == SWARM and "mutation" in config.getoption("markexpr"):
        raise pytest.UsageError("mutations are tried with Compose alone, those of Swarm's own rules as well")


def of_runner(marker: pytest.Mark, runner: str) -> bool:
    """Whether a check has a meaning where this one runs the project: one that names none has it everywhere."""
    return bool(marker.kwargs.get("runner", runner) == runner)


def of_another_runner(item: pytest.Item) -> bool:
    """Whether a test is a check of somebody else's rules: it is not judged at all."""
    marker = item.get_closest_marker("check")
    return marker is not None and not of_runner(marker, item.config.getoption("runner"))


def told_of_runner(runner: str, left_out: Iterable[Planned]) -> str:
    """What is said once of the checks that were not judged for that."""
    counted = Counter(planned.requirement for planned in left_out)
    told = ", ".join(f"{count} of {requirement}" for requirement, count in sorted(counted.items()))
    others = " and ".join(other for other in RUNNERS if other != runner)
    return f"checks that have a meaning with `--runner {others}` alone are not applicable: {told}"


def tally(planned: Iterable[Planned]) -> str:
    """How many checks each tier has, and how many mutations there are."""
    plans = list(planned)
    tiers = Counter(plan.tier for plan in plans if plan.kind is Kind.CHECK)
    told = [f"{tiers[tier]} {tier or 'of no tier'}" for tier in (*Tier, None) if tiers[tier]]
    mutations = sum(plan.kind is Kind.MUTATION for plan in plans)
    return "; ".join(
        part
        for part in (f"checks: {', '.join(told)}" if told else "", f"mutations: {mutations}" if mutations else "")
        if part
    )


def _mutation(item: pytest.Item, marker: pytest.Mark) -> Planned:
    named, objects = _requirement(item, marker), marker.kwargs.get("objects")
    if objects not in [rule.name for rule in named.rules]:
        raise pytest.UsageError(f"{item.nodeid} expects `{objects}` to object, which is no rule of {named.id}")
    return Planned(name=item.nodeid, requirement=named.id, kind=Kind.MUTATION, objects=objects)


def _requirement(item: pytest.Item, marker: pytest.Mark) -> Requirement:
    """The requirement in whose folder a test stands; a test that stands elsewhere names it in its marker."""
    requirements = known(item.config)
    if not marker.args:
        found = requirements.of_file(item.path)
        if found is None:
            raise pytest.UsageError(f"{item.nodeid} stands in the folder of no requirement, and names none")
        return found
    if marker.args[0] not in requirements.by_id:
        raise pytest.UsageError(f"{item.nodeid} is marked with `{marker.args[0]}`, which is no requirement known here")
    return requirements.by_id[marker.args[0]]
