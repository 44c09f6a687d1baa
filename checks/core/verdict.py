"""What a check concludes, and how: judges are pure functions of what was seen."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import KW_ONLY, dataclass
from enum import StrEnum
from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError
from pydantic_core import PydanticSerializationError

Json = None | bool | int | float | str | Sequence["Json"] | Mapping[str, "Json"]
Seen = TypeVar("Seen")


class Verdict(StrEnum):
    """What is said of a check, a requirement or a run."""

    PROVEN = "proven"
    VIOLATED = "violated"
    UNDECIDED = "undecided"
    NOT_APPLICABLE = "not applicable"


@dataclass(frozen=True)
class Violation:
    """One rule that does not hold, with what was seen and what was wanted (both fit for JSON)."""

    rule: str
    _: KW_ONLY
    seen: Json
    wanted: Json


class UnfitError(Exception):
    """An observation cannot be stored, or what is stored is not the observation it claims to be."""


_JUDGES: dict[str, tuple[type[Any], Callable[[Any], list[Violation]]]] = {}
_ADAPTERS: dict[type[Any], TypeAdapter[Any]] = {}


def judges(
    observation: type[Seen],
) -> Callable[[Callable[[Seen], list[Violation]]], Callable[[Seen], list[Violation]]]:
    """Register a pure function as the one that judges this class of observation."""

    def register(judge: Callable[[Seen], list[Violation]]) -> Callable[[Seen], list[Violation]]:
        known, _ = _JUDGES.get(observation.__name__, (observation, None))
        if known.__module__ != observation.__module__:
            raise UnfitError(
                f"two observations are called `{observation.__name__}`: "
                f"one in {known.__module__}, one in {observation.__module__}"
            )
        _JUDGES[observation.__name__] = (observation, judge)
        return judge

    return register


def judge(observation: object) -> list[Violation]:
    """Judge an observation by the function registered for its class."""
    return _registered(type(observation).__name__)[1](observation)


def objections(observation: object) -> set[str]:
    """The names of the rules that object to an observation: what a control asks for."""
    return {violation.rule for violation in judge(observation)}


def rebuild(kind: str, data: Mapping[str, Any]) -> object:
    """Turn stored data back into the observation class registered under this name."""
    return read_as(_registered(kind)[0], json.dumps(data))


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


def _registered(kind: str) -> tuple[type[Any], Callable[[Any], list[Violation]]]:
    if kind not in _JUDGES:
        raise UnfitError(f"nothing judges `{kind}`: no function is marked @judges({kind})")
    return _JUDGES[kind]


def _adapter(kind: type[Any]) -> TypeAdapter[Any]:
    if kind not in _ADAPTERS:
        _ADAPTERS[kind] = TypeAdapter(kind)
    return _ADAPTERS[kind]
