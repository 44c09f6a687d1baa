"""The table of rules on each requirement's page: `python -m checks.harness.rule_tables` writes them anew."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path

from checks.core import catalog, registry
from checks.core.catalog import Catalog
from checks.core.requirement import Requirement, Rule
from checks.core.run import Kind
from checks.core.tier import Tier, tier_of
from checks.harness.coverage import marked, names_used

MARKS = ("<!-- rules: by python -m checks.harness.rule_tables -->", "<!-- end of rules -->")
HEAD = "| rule | what must hold | tier | mutations that must be noticed |\n|---|---|---|---|\n"


def table(known: Catalog, requirement: Requirement) -> str:
    """Markdown: a row for each rule, with the tiers whose checks can object by it, and its mutations."""
    catalog.load_judges(known)
    return HEAD + "".join(_row(requirement, rule) for rule in requirement.rules)


def written_into(page: str, told: str, marks: tuple[str, str] = MARKS) -> str:
    """The page with this between its marks; raises ValueError for a page without them."""
    before, begin, rest = page.partition(marks[0])
    _, end, after = rest.partition(marks[1])
    if not (begin and end):
        raise ValueError(f"the page has no `{marks[0]}` and `{marks[1]}`")
    return f"{before}{begin}\n{told}{end}{after}"


def page_of(requirement: Requirement) -> Path:
    """Where a requirement says what a person should know of it."""
    return requirement.folder / "README.md"


def _row(requirement: Requirement, rule: Rule) -> str:
    tiers = ", ".join(tier for tier in Tier if tier in _tiers(requirement, rule))
    mutations = "<br>".join(_mutations(requirement, rule))
    return f"| `{rule.name}` | {rule.wording} | {tiers} | {mutations} |\n"


def _tiers(requirement: Requirement, rule: Rule) -> set[Tier]:
    """Of the checks that ask a judge which objects by this rule, as the rule's failing samples show."""
    samples = catalog.samples(requirement).failing[rule.name]
    judges = {registry.registered()[type(seen).__name__][1].__name__ for seen in samples}
    checks = [check for check, _ in marked(requirement, Kind.CHECK) if judges & set(names_used(check.__code__))]
    tiers = {tier_of(Path(check.__code__.co_filename)) for check in checks}
    return {tier for tier in tiers if tier}


def _mutations(requirement: Requirement, rule: Rule) -> Iterator[str]:
    for test, mark in marked(requirement, Kind.MUTATION):
        if mark.kwargs["objects"] == rule.name:
            name = test.__name__.removeprefix("test_").replace("_", " ")
            yield re.sub(r" (is|are) noticed$", "", name)


def main() -> int:
    """Write every page's table, and say which pages changed."""
    known = catalog.read()
    for requirement in known.requirements:
        page = page_of(requirement)
        before = page.read_text("utf-8")
        after = written_into(before, table(known, requirement))
        page.write_text(after, "utf-8")
        sys.stdout.write(f"{'written' if after != before else 'unchanged'}: {page}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
