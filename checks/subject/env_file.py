"""A file of variables (`.env`) as Compose reads it: python-dotenv's parser, and Compose's rule for single quotes."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from dotenv.parser import Binding, parse_stream
from dotenv.variables import parse_variables

BARE = re.compile(r"(?<!\$)\$([A-Za-z_]\w*)")  # python-dotenv knows names in braces alone


def variables_of(folder: Path) -> dict[str, str]:
    """What the `.env` of a folder says; nothing where there is none."""
    file = folder / ".env"
    if not file.is_file():
        return {}
    found: dict[str, str] = {}
    with file.open(errors="replace") as text:
        for one in parse_stream(text):
            if one.key is not None and one.value is not None:
                found[one.key] = one.value if _is_literal(one) else filled_in(one.value, found)
    return found


def filled_in(text: str, variables: Mapping[str, str | None]) -> str:
    """A text with `$NAME`, `${NAME}` and `${NAME:-default}` replaced."""
    return "".join(atom.resolve(variables) for atom in parse_variables(BARE.sub(r"${\1}", text)))


def _is_literal(one: Binding) -> bool:
    """In single quotes Compose fills nothing in, where python-dotenv's own `dotenv_values` would."""
    return one.original.string.partition("=")[2].lstrip().startswith("'")
