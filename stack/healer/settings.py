"""What may be set from outside, as HEALER_* environment variables."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, fields


class SettingsError(Exception):
    """A value nobody can work with."""


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Seconds, all of them but the first."""

    only: str = ""  # the one service to tend; all of them where none is named
    stop_seconds: float = 1  # a frozen process waits out all of it, and cannot use any of it
    patience_seconds: float = 120  # how long a sick dependency excuses whoever depends on it
    backoff_cap_seconds: float = 60
    backoff_reset_seconds: float = 10  # having run this long before it failed, it starts afresh: Docker's rule too
    engine_seconds: float = 5  # how long the engine may take to answer anything but a restart


def from_environment(environment: Mapping[str, str]) -> Settings:
    """Read the settings; one that is missing or empty keeps its default."""
    named = {field.name: f"HEALER_{field.name.upper()}" for field in fields(Settings)}
    given = {name: environment.get(variable, "") for name, variable in named.items()}
    only = given.pop("only")
    return Settings(only=only, **{name: _seconds(named[name], text) for name, text in given.items() if text})


def _seconds(variable: str, text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = math.nan
    if not 0 <= seconds < math.inf:
        raise SettingsError(f"{variable} is {text!r}, and must be a number of seconds")
    return seconds
