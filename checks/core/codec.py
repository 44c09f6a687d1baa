"""Frozen dataclasses to JSON and back, strictly: every field there, of its declared type, and nothing else."""

import json
from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError
from pydantic_core import PydanticSerializationError


class DamagedError(Exception):
    """A folder is not, or no longer, what a run left: nothing can be said from it."""


Seen = TypeVar("Seen")


class UnfitError(Exception):
    """An observation cannot be stored, or what is stored is not the observation it claims to be."""


_ADAPTERS: dict[type[Any], TypeAdapter[Any]] = {}


def as_data(observation: object) -> dict[str, Any]:
    """Turn a frozen dataclass into plain JSON data."""
    try:
        data: dict[str, Any] = _adapter(type(observation)).dump_python(observation, mode="json", warnings="error")
    except PydanticSerializationError as error:
        raise UnfitError(f"`{type(observation).__name__}` does not hold what it declares: {error}") from None
    return data


def read_as(kind: type[Seen], text: str) -> Seen:
    """Read JSON as a dataclass: every field there, of its declared type, and nothing else."""
    try:
        value: Seen = _adapter(kind).validate_json(text, strict=True, extra="forbid")
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(step) for step in first["loc"])
        raise UnfitError(f"not a `{kind.__name__}`: {first['msg']}{place and f' ({place})'}") from None
    if as_data(value) != json.loads(text):  # a default stood in for a field that was not there
        raise UnfitError(f"not a whole `{kind.__name__}`: a field is missing")
    return value


def _adapter(kind: type[Any]) -> TypeAdapter[Any]:
    if kind not in _ADAPTERS:
        _ADAPTERS[kind] = TypeAdapter(kind)
    return _ADAPTERS[kind]
