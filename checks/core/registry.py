"""Which function judges which class of observation."""

import json
from collections.abc import Callable, Mapping
from typing import Any

from checks.core.codec import Seen, UnfitError, read_as
from checks.core.verdict import Violation

_JUDGES: dict[str, tuple[type[Any], Callable[[Any], list[Violation]]]] = {}


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


def registered() -> Mapping[str, tuple[type[Any], Callable[[Any], list[Violation]]]]:
    """{name of the class: (class, its judge)} of every judge that was loaded."""
    return _JUDGES


def judge(observation: object) -> list[Violation]:
    """Judge an observation by the function registered for its class."""
    return _registered(type(observation).__name__)[1](observation)


def objections(observation: object) -> set[str]:
    """The names of the rules that object to an observation: what a mutation asks for."""
    return {violation.rule for violation in judge(observation)}


def rebuild(kind: str, data: Mapping[str, Any]) -> object:
    """Turn stored data back into the observation class registered under this name."""
    return read_as(_registered(kind)[0], json.dumps(data))


def _registered(kind: str) -> tuple[type[Any], Callable[[Any], list[Violation]]]:
    if kind not in _JUDGES:
        raise UnfitError(f"nothing judges `{kind}`: no function is marked @judges({kind})")
    return _JUDGES[kind]
