"""Every attack that was tried, and what meets it: `python -m checks.harness.attack_table` writes the page.

The rule is not written down beside an attack but read from the mutation that tries it: the page cannot claim one.
"""

from __future__ import annotations

import ast
import sys
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from pydantic import TypeAdapter

from checks.core import catalog
from checks.core.catalog import Catalog
from checks.core.run import Kind
from checks.harness.coverage import marked
from stack import ROOT

SOURCE, PAGE = catalog.SHELF / "attacks.toml", catalog.SHELF / "ATTACKS.md"
HEAD = """# Attacks on the verdicts

Ways to make a stack bad, or to turn on whoever looks at it. Most of them went through once. Each is met by a rule,
which a mutation shows to object (`nox -s mutations`), by a refusal or a bound, which a test shows (`nox -s offline`),
or it says why not.
Written by `python -m checks.harness.attack_table` from [attacks.toml](attacks.toml).

| attack | noticed by | shown by |
|---|---|---|
"""


@dataclass(frozen=True, kw_only=True)
class Attack:
    """What was tried, and what meets it: mutations (`R1 test_name`), tests (`file::test_name`), or why nothing does."""

    what: str
    mutations: tuple[str, ...] = ()
    tests: tuple[str, ...] = ()
    reason: str = ""


def read() -> tuple[Attack, ...]:
    told = tomllib.loads(SOURCE.read_text("utf-8"))["attacks"]
    return TypeAdapter(tuple[Attack, ...]).validate_python(told)


def rules_of(known: Catalog) -> Mapping[str, str]:
    """{'R1 test_name': the rule that is to object} of every mutation."""
    return {
        f"{requirement.id} {test.__name__}": str(mark.kwargs["objects"])
        for requirement in known.requirements
        for test, mark in marked(requirement, Kind.MUTATION)
    }


def page(attacks: tuple[Attack, ...], rules: Mapping[str, str]) -> str:
    return HEAD + "".join(_row(attack, rules) for attack in attacks)


def gaps(attacks: tuple[Attack, ...], rules: Mapping[str, str]) -> Iterator[str]:
    """A sentence for each attack that nothing meets, and for each test that there is not."""
    for attack in attacks:
        if not (attack.mutations or attack.tests or attack.reason):
            yield f"nothing meets: {attack.what}"
        yield from (f"there is no mutation `{name}`" for name in attack.mutations if name not in rules)
        yield from (f"there is no test `{name}`" for name in attack.tests if not _is_there(name))


def _is_there(test: str) -> bool:
    file, _, name = test.partition("::")
    path = ROOT / file
    found = ast.parse(path.read_text("utf-8")).body if path.is_file() else []
    return any(isinstance(one, ast.FunctionDef) and one.name == name for one in found)


def _row(attack: Attack, rules: Mapping[str, str]) -> str:
    met = dict.fromkeys(f"{name.partition(' ')[0]} `{rules[name]}`" for name in attack.mutations)
    refused = ["a refusal or a bound"] if attack.tests and not met else []
    shown = [*attack.mutations, *(name.rpartition("/")[2] for name in attack.tests)]
    by = [*met, *refused, *([" ".join(attack.reason.split())] if attack.reason else [])]
    return f"| {attack.what} | {'<br>'.join(by)} | {'<br>'.join(f'`{one}`' for one in shown)} |\n"


def main() -> int:
    PAGE.write_text(page(read(), rules_of(catalog.read())), "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
