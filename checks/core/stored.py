"""Read what a run left on disk, if it is whole."""

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from checks.core import catalog, format_2
from checks.core.catalog import Catalog
from checks.core.codec import DamagedError, UnfitError, read_as
from checks.core.evidence import digests
from checks.core.run import FORMAT, OBSERVATIONS, OUTCOMES, RUN, SUMS, Outcome, Record, Run

Line = TypeVar("Line")
Upgrade = Callable[[dict[str, Any]], dict[str, Any]]
"""Data of an older format as today's has them."""

LATER: Mapping[type[Any], Mapping[str, Any]] = {
    Run: {"pressure": None, "waivers": [], "depends": {}},
    Outcome: {"pressure": None, "earlier": []},
    Record: {"attempt": 1},
}
"""What a line may lack that was stored before there was any of it."""
UPGRADES: dict[int, Upgrade] = {FORMAT: lambda data: data, format_2.FORMAT: format_2.upgraded}


@dataclass(frozen=True, kw_only=True)
class Stored:
    """What a run left on disk."""

    run: Run
    outcomes: tuple[Outcome, ...]
    records: tuple[Record, ...]


def read(folder: Path, known: Catalog | None = None) -> Stored:
    """Read what a run left; raises DamagedError where it is not whole, or of a requirement that is not known."""
    run, upgrade = _run(folder)
    if run.end is not None:
        _verify(folder)
    stored = Stored(
        run=run,
        outcomes=tuple(_lines(folder / OUTCOMES, Outcome, upgrade)),
        records=tuple(_lines(folder / OBSERVATIONS, Record, upgrade)),
    )
    _verify_names(stored, known or catalog.read())
    return stored


def outcomes_of(folder: Path) -> tuple[Outcome, ...]:
    """How the checks of a run of this format ended so far."""
    return tuple(_lines(folder / OUTCOMES, Outcome, UPGRADES[FORMAT]))


def _run(folder: Path) -> tuple[Run, Upgrade]:
    text = _text(folder / RUN)
    try:
        data = json.loads(text)
        upgrade = UPGRADES.get(data.get("format"))
        if upgrade is None:
            raise DamagedError(f"the folder is in format {data.get('format')}; this reads format {FORMAT}")
        return read_as(Run, json.dumps({**LATER[Run], **upgrade(data)})), upgrade
    except (UnfitError, ValueError, AttributeError, KeyError, TypeError) as error:
        raise DamagedError(f"`{RUN}` is damaged: {error}") from None


def _lines(path: Path, kind: type[Line], upgrade: Upgrade) -> Iterable[Line]:
    text = _text(path)
    if text and not text.endswith("\n"):
        raise DamagedError(f"`{path.name}` is cut off in its last line")
    for number, line in enumerate(text.splitlines(), start=1):
        try:
            yield read_as(kind, json.dumps({**LATER[kind], **upgrade(json.loads(line))}))
        except (UnfitError, ValueError, KeyError, TypeError) as error:
            raise DamagedError(f"`{path.name}` is damaged in line {number}: {error}") from None


def _text(path: Path) -> str:
    try:
        return path.read_text("utf-8")
    except FileNotFoundError:
        raise DamagedError(f"`{path.name}` is missing") from None
    except (OSError, UnicodeDecodeError) as error:
        raise DamagedError(f"`{path.name}` cannot be read: {error}") from None


def _verify(folder: Path) -> None:
    listed = {name: digest for digest, _, name in (line.partition("  ") for line in _text(folder / SUMS).splitlines())}
    if unlisted := {RUN, OUTCOMES, OBSERVATIONS} - {*listed}:
        raise DamagedError(f"`{SUMS}` does not list `{min(unlisted)}`")
    found = digests(folder)
    for name, digest in listed.items():
        if name not in found:
            raise DamagedError(f"`{name}` is missing")
        if found[name] != digest:
            raise DamagedError(f"`{name}` is not what the run wrote: its SHA-256 differs")


def _verify_names(stored: Stored, known: Catalog) -> None:
    names = [plan.name for plan in stored.run.planned]
    concluded = [outcome.name for outcome in stored.outcomes]
    for what, found in (("plan", names), ("outcomes", concluded)):
        if twice := {name for name in found if found.count(name) > 1}:
            raise DamagedError(f"the {what} name `{min(twice)}` twice")
    strangers = ({*concluded} | {record.name for record in stored.records}) - {*names}
    if strangers:
        raise DamagedError(f"`{min(strangers)}` left traces and was never planned")
    if unknown := {plan.requirement for plan in stored.run.planned} - {*known.by_id}:
        raise DamagedError(f"`{min(unknown)}` is a requirement that is not known here")
