"""Read what a run left on disk, if it is whole."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from checks.core.catalog import BY_ID
from checks.core.codec import DamagedError, UnfitError, read_as
from checks.core.evidence import digests
from checks.core.run import FORMAT, OBSERVATIONS, OUTCOMES, RUN, SUMS, Outcome, Record, Run

Line = TypeVar("Line")


@dataclass(frozen=True, kw_only=True)
class Stored:
    """What a run left on disk."""

    run: Run
    outcomes: tuple[Outcome, ...]
    records: tuple[Record, ...]


def read(folder: Path) -> Stored:
    """Read what a run left, if it is whole."""
    run = _run(folder)
    if run.end is not None:
        _verify(folder)
    stored = Stored(
        run=run,
        outcomes=tuple(_lines(folder / OUTCOMES, Outcome)),
        records=tuple(_lines(folder / OBSERVATIONS, Record)),
    )
    _verify_names(stored)
    return stored


def _run(folder: Path) -> Run:
    text = _text(folder / RUN)
    try:
        version = json.loads(text).get("format")
        if version != FORMAT:
            raise DamagedError(f"the folder is in format {version}; this reads format {FORMAT}")
        return read_as(Run, text)
    except (UnfitError, ValueError, AttributeError) as error:
        raise DamagedError(f"`{RUN}` is damaged: {error}") from None


def _lines(path: Path, kind: type[Line]) -> Iterable[Line]:
    text = _text(path)
    if text and not text.endswith("\n"):
        raise DamagedError(f"`{path.name}` is cut off in its last line")
    for number, line in enumerate(text.splitlines(), start=1):
        try:
            yield read_as(kind, line)
        except (UnfitError, ValueError) as error:
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


def _verify_names(stored: Stored) -> None:
    names = [plan.name for plan in stored.run.planned]
    concluded = [outcome.name for outcome in stored.outcomes]
    for what, found in (("plan", names), ("outcomes", concluded)):
        if twice := {name for name in found if found.count(name) > 1}:
            raise DamagedError(f"the {what} name `{min(twice)}` twice")
    strangers = ({*concluded} | {record.name for record in stored.records}) - {*names}
    if strangers:
        raise DamagedError(f"`{min(strangers)}` left traces and was never planned")
    if unknown := {plan.requirement for plan in stored.run.planned} - {*BY_ID}:
        raise DamagedError(f"`{min(unknown)}` is none of the nine requirements")
