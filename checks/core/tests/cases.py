"""Cases: realistic inputs kept as data beside the tests that ask about them, each with its right answer.

A folder `cases/` beside a test holds either folders (the files as a user would have them, and `case.toml`) or tables
(`kNN.toml`, whose keys above the first `[[case]]` hold for each of its cases). The keys: `question` in words, `ask` as
a short name, `right` and `also` (other answers that are as right), `about` and `source` (why), `guard` (was right when
it was written down, and is to stay so). The rest is what the question needs.
"""

import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

Case = Mapping[str, Any]
"""The keys of a case, its `name`, and the `folder` that its files are in."""


def read(folder: Path) -> Iterator[Case]:
    """Every case below a folder `cases/`, folders first; raises FileNotFoundError where there is none at all."""
    found = [*_folders(folder), *_tables(folder)]
    if not found:
        raise FileNotFoundError(f"no case stands in {folder}")
    yield from found


def parametrized(folder: Path, *asks: str) -> pytest.MarkDecorator:
    """`@parametrized(CASES, "cannot-fail")`: the test is run for each case that asks one of these questions."""
    chosen = [case for case in read(folder) if case["ask"] in asks]
    return pytest.mark.parametrize("case", [pytest.param(case, id=case["name"]) for case in chosen])


def accepted(case: Case) -> list[Any]:
    """The answers that are right."""
    return [case["right"], *case.get("also", ())]


def text_of(case: Case, name: str) -> str:
    """A file of the case, read as the product reads such files."""
    text: str = (case["folder"] / name).read_bytes().decode("utf-8", "surrogateescape")
    return text


def _folders(folder: Path) -> Iterator[Case]:
    for path in sorted(folder.glob("*/case.toml")):
        yield tomllib.loads(path.read_text()) | {"name": path.parent.name, "folder": path.parent}


def _tables(folder: Path) -> Iterator[Case]:
    for path in sorted(folder.glob("k*.toml")):
        table = tomllib.loads(path.read_text())
        common = {key: value for key, value in table.items() if key != "case"}
        for number, case in enumerate(table.get("case", ()), 1):
            yield common | case | {"name": f"{path.stem}#{number}", "folder": path.parent}
