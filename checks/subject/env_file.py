"""A file of variables (`.env`) as Compose reads it: python-dotenv's parser, and Compose's rule for single quotes."""

from __future__ import annotations

import io
import re
from collections.abc import Mapping
from pathlib import Path

from dotenv.parser import Binding, parse_stream
from dotenv.variables import parse_variables

EXAMPLES = ("example", "sample", "template", "dist", "default", "defaults")
BARE = re.compile(r"(?<!\$)\$([A-Za-z_]\w*)")  # python-dotenv knows names in braces alone


def variables_of(folder: Path) -> dict[str, str]:
    """What the `.env` of a folder says; nothing where there is none."""
    file = folder / ".env"
    if not file.is_file():
        return {}
    found: dict[str, str] = {}
    with file.open(errors="replace") as text:
        for one in map(_with_equals, parse_stream(text)):
            if one.key is not None and one.value is not None:
                found[one.key] = one.value if _is_literal(one) else filled_in(one.value, found)
    return found


def told_of_example(folder: Path) -> str:
    """A sentence on a `.env` that is not there where a file is that people make it from; '' elsewhere."""
    names = [name for word in EXAMPLES for name in (f".env.{word}", f".env-{word}", f"env.{word}", f"{word}.env")]
    found = next((name for name in names if (folder / name).is_file()), None)
    if found is None or (folder / ".env").exists():
        return ""
    return f"`.env` is not there, which people make from `{found}`: the project was judged as it stands, without one"


def filled_in(text: str, variables: Mapping[str, str | None]) -> str:
    """A text with `$NAME`, `${NAME}` and `${NAME:-default}` replaced."""
    return "".join(atom.resolve(variables) for atom in parse_variables(BARE.sub(r"${\1}", text)))


def _with_equals(one: Binding) -> Binding:
    """Compose takes `NAME: value` as well as `NAME=value`, which python-dotenv has for a mistake."""
    line = one.original.string
    if ":" not in line.partition("=")[0].partition("#")[0]:
        return one
    return next(parse_stream(io.StringIO(line.replace(":", "=", 1))))


def _is_literal(one: Binding) -> bool:
    """In single quotes Compose fills nothing in, where python-dotenv's own `dotenv_values` would."""
    return one.original.string.partition("=")[2].lstrip().startswith("'")
