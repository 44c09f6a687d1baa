"""What may be set from outside, as HEALER_* environment variables."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, fields


class SettingsError(Exception):
    """A value nobody can work with."""


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Seconds, where the name says so."""

    only: tuple[str, ...] = ()  # the services to tend; all of them where none is named
    without: tuple[str, ...] = ()  # those to leave to another healer
    stop_seconds: float = 1  # a frozen process waits out all of it, and cannot use any of it
    patience_seconds: float = 120  # how long a sick dependency excuses whoever depends on it
    starved_patience_seconds: float = 120  # how long a machine that starves for CPU excuses probes that were only late
    backoff_cap_seconds: float = 60
    backoff_reset_seconds: float = 10  # having run this long before it failed, it starts afresh: Docker's rule too
    budget_restarts: float = 20  # of the whole stack, at once
    budget_refill_seconds: float = 30  # for each one more
    engine_seconds: float = 20  # how long the engine may take to answer anything but a restart

    def tends(self, service: str) -> bool:
        """Whether a service is this healer's to tend."""
        return (not self.only or service in self.only) and service not in self.without


def from_environment(environment: Mapping[str, str]) -> Settings:
    """Read the settings; one that is missing or empty keeps its default."""
    named = {field.name: f"HEALER_{field.name.upper()}" for field in fields(Settings)}
    given = {name: environment.get(variable, "") for name, variable in named.items()}
    only, without = (tuple(given.pop(name).replace(",", " ").split()) for name in ("only", "without"))
    return Settings(
        only=only, without=without, **{name: _number(named[name], text) for name, text in given.items() if text}
    )


def _number(variable: str, text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not 0 <= number < math.inf:
        unit = " of seconds" if variable.endswith("_SECONDS") else ""
        raise SettingsError(f"{variable} is {text!r}, and must be a number{unit}")
    return number
