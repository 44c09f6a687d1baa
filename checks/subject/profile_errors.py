"""What is wrong in a `compliance.toml`, told to a person: in which line, what it is, and what was meant perhaps."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import fields, is_dataclass
from difflib import get_close_matches
from typing import Any, get_args, get_type_hints

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from checks.subject.profile_model import Profile

Path = tuple[str | int, ...]
NOT_PATH = re.compile(r"[\w-]+\[|constrained-|literal|^(?:str|int|float|bool|dict|list|lax-or-strict)$")
LONGEST_LINE = 60  # characters of a line that is shown
PLACE_OF_TOML = re.compile(r"\s*\(at (?:line (?P<line>\d+), column \d+|end of document)\)$")
WANTED = {
    "string_type": "a text",
    "string_too_short": "a text that is not empty",
    "string_pattern_mismatch": "a path that begins with `/`",
    "tuple_type": "a list of texts",
    "int_type": "a whole number",
    "int_parsing": "a whole number",
    "float_type": "a number",
    "float_parsing": "a number",
    "dict_type": "a table",
    "mapping_type": "a table",
    "dataclass_type": "a table",
    "date_type": "a date, such as 2027-01-31",
    "date_parsing": "a date, such as 2027-01-31",
    "date_from_datetime_parsing": "a date, such as 2027-01-31",
    "literal_error": "{expected}",
    "enum": "{expected}",
    "greater_than": "more than {gt:g}",
    "greater_than_equal": "{ge} or more",
    "less_than_equal": "{le} or less",
}


def sentences(text: str, error: ValidationError) -> list[str]:
    """A sentence for each thing that is wrong, in the order of their lines."""
    by_place: dict[Path, list[ErrorDetails]] = {}
    for one in error.errors():
        by_place.setdefault(_path(one["loc"]), []).append(one)
    found = [(line_of(text, place), _sentence(place, problems)) for place, problems in by_place.items()]
    return [f"line {line}: {words}" if line else words for line, words in sorted(found)]


def of_toml(text: str, error: tomllib.TOMLDecodeError) -> str:
    """What TOML's own reader says, with the line in front, and as it stands there."""
    said, lines = str(error), text.splitlines()
    place = PLACE_OF_TOML.search(said)
    number = int(place["line"]) if place and place["line"] else len(lines)
    words = PLACE_OF_TOML.sub("", said)
    shown = f" in `{lines[number - 1].strip()[:LONGEST_LINE]}`" if 0 < number <= len(lines) else ""
    return f"line {number}: {words[:1].lower()}{words[1:]}{shown}"


def line_of(text: str, place: Path) -> int:
    """The line in which a key is told first, 0 where it is told nowhere: its table's line for a key that is missing.

    Each beginning of the file that is TOML by itself is read: the first one that has the key ends with the key's lines.
    """
    lines, begins = text.splitlines(), 1
    for number in range(1, len(lines) + 1):
        told = _read("\n".join(lines[:number]))
        if told is None:
            continue
        if _has(told, place):
            return begins
        begins = number + 1
    return line_of(text, place[:-1]) if place else 0


def _read(text: str) -> dict[str, Any] | None:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError:  # a value goes on in the next line
        return None


def _has(told: Any, place: Path) -> bool:  # noqa: ANN401 - whatever TOML can say
    for step in place:
        if isinstance(told, dict) and step in told:
            told = told[step]
        elif not isinstance(told, list) or not isinstance(step, int) or step >= len(told):
            return False
        else:
            told = told[step]
    return bool(place)


def _path(place: Sequence[str | int]) -> Path:
    """Without the steps that name a type, which pydantic adds where there is a choice of them."""
    return tuple(step for step in place if isinstance(step, int) or not NOT_PATH.search(step))


def _sentence(place: Path, problems: Sequence[ErrorDetails]) -> str:
    name = f"`{'.'.join(map(str, place))}`"
    kinds = [one["type"] for one in problems]
    if "unexpected_keyword_argument" in kinds:
        return f"unknown key {name}{_meant(place)}"
    if "missing" in kinds:
        return f"`[{'.'.join(map(str, place[:-1]))}]` needs `{place[-1]}`"
    wanted = [WANTED[one["type"]].format(**one.get("ctx", {})) for one in problems if one["type"] in WANTED]
    found = " or ".join(dict.fromkeys(one.replace("False", "false").replace("'", "`") for one in wanted))
    return f"{name} is to be {found}" if found else f"{name}: {problems[0]['msg']}"


def _meant(place: Path) -> str:
    known = list(_keys(place[:-1]))
    near = get_close_matches(str(place[-1]), known, n=1, cutoff=0.6)
    if near:
        return f"; did you mean `{'.'.join(map(str, (*place[:-1], near[0])))}`?"
    return f"; there are {', '.join(f'`{name}`' for name in known)}"


def _keys(place: Path) -> Iterator[str]:
    """The keys that a table of the profile may have."""
    kind: Any = Profile
    for step in place:
        kind = get_type_hints(kind)[str(step)] if is_dataclass(kind) else next(_classes(kind), None)
    found = kind if is_dataclass(kind) else next(_classes(kind), None)
    yield from (one.name for one in fields(found)) if found else ()


def _classes(kind: Any) -> Iterator[Any]:  # noqa: ANN401
    """The classes of the model inside a type such as `Mapping[str, Credential]` or `Build | None`."""
    if is_dataclass(kind):
        yield kind
    for inside in get_args(kind):
        yield from _classes(inside)
