"""Each attack that was ever tried has something that meets it, and the page says what."""

from dataclasses import replace

import pytest

from checks.core import catalog
from checks.harness.attack_table import PAGE, Attack, gaps, page, read, rules_of

RULES = {"R1 test_root_is_noticed": "non-root-user"}
HERE = "checks/harness/tests/test_attack_table.py"
ATTACK = Attack(what="root", mutations=("R1 test_root_is_noticed",))


def test_every_attack_is_met_by_what_there_is() -> None:
    assert list(gaps(read(), rules_of(catalog.read()))) == []


def test_no_attack_is_told_twice() -> None:
    told = [attack.what for attack in read()]
    assert len(told) == len(set(told)) >= 28


def test_the_page_is_what_the_attacks_say() -> None:
    assert PAGE.read_text("utf-8") == page(read(), rules_of(catalog.read()))


@pytest.mark.parametrize(
    ("attack", "gap"),
    [
        (Attack(what="root"), "nothing meets: root"),
        (replace(ATTACK, mutations=("R1 test_none",)), "there is no mutation `R1 test_none`"),
        (replace(ATTACK, tests=(f"{HERE}::test_none",)), f"there is no test `{HERE}::test_none`"),
        (replace(ATTACK, tests=("none.py::test_a",)), "there is no test `none.py::test_a`"),
    ],
)
def test_what_is_missing_is_told(attack: Attack, gap: str) -> None:
    assert list(gaps((attack,), RULES)) == [gap]


def test_the_rule_is_the_mutations() -> None:
    attack = replace(ATTACK, tests=(f"{HERE}::test_the_rule_is_the_mutations",), reason="not\nall")
    assert list(gaps((attack,), RULES)) == []
    (row,) = page((attack,), RULES).splitlines()[-1:]
    assert row.startswith(
        "| root | R1 `non-root-user`<br>not all | `R1 test_root_is_noticed`<br>`test_attack_table.py::"
    )
