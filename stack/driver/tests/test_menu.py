"""A hint names what its reader has: tasks in a clone, the command where only the wheel is installed."""

import re
from collections.abc import Iterator

import pytest

from stack import ROOT
from stack.driver import menu

OF_THE_SHIPPED_STACK = ("stack/ops/", "stack/driver/images/sources.py", "stack/driver/swarm/", "checks/campaigns/")
QUOTED = re.compile(r"(?:hint=|yield |note\().*`invoke ")


@pytest.mark.parametrize(
    ("words", "clone", "package"),
    [
        ("engine", "`invoke engine`", "`compose-compliance engine`"),
        ("init --stack DIR", "`invoke init --stack DIR`", "`compose-compliance init DIR`"),
        ("healer --to DIR", "`invoke healer --to DIR`", "`compose-compliance healer DIR`"),
        ("sweep --kept", "`invoke sweep --kept`", "`compose-compliance sweep --kept`"),
    ],
)
def test_a_task_is_named_as_the_reader_has_it(
    words: str, clone: str, package: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert menu.task(words) == clone
    monkeypatch.setattr(menu, "IN_A_CLONE", False)
    assert menu.task(words) == package


def test_no_hint_names_invoke_by_itself() -> None:
    assert list(hints()) == []


def hints() -> Iterator[str]:
    for folder in ("checks", "stack"):
        for file in sorted((ROOT / folder).rglob("*.py")):
            name = str(file.relative_to(ROOT))
            if "/tests/" not in name and not name.startswith(OF_THE_SHIPPED_STACK):
                yield from (f"{name}: {line.strip()}" for line in file.read_text().splitlines() if QUOTED.search(line))
