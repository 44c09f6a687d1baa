"""A page over a folder of runs: `python -m checks.report history evidence`."""

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined

from checks.core.catalog import Catalog
from checks.core.catalog import read as catalog
from checks.core.cli import Parser, UnusableError
from checks.core.evidence import said_in_a_sentence
from checks.core.judging import judged_folder
from checks.core.results import Result
from checks.core.run import RUN
from checks.report.words import printable

PAGE = "history.html"


@dataclass(frozen=True, kw_only=True)
class Past:
    """One run of many: its folder's name, and what came of it."""

    name: str
    result: Result

    @property
    def start(self) -> str:
        """When it began; empty where that cannot be read."""
        return self.result.run.start if self.result.run else ""

    @property
    def verdicts(self) -> dict[str, str]:
        """{id of a requirement: verdict} of those that were judged."""
        return {found.id: found.verdict for found in self.result.requirements}


def main(arguments: list[str], called: str) -> int:
    """Judge every run below a folder and write the page there. 0 if it was written, whatever the verdicts are."""
    named = _named(arguments, called)
    runs = past(named.folder, *named.requirements)
    if not runs:
        raise UnusableError(f"no run stands in `{named.folder}`")
    with said_in_a_sentence(named.folder):
        (named.folder / PAGE).write_text(as_history(runs, catalog(*named.requirements)), encoding="utf-8")
    sys.stdout.write(f"{len(runs)} runs: {named.folder / PAGE}\n")
    return 0


def past(folder: Path, *shelves: Path) -> list[Past]:
    """Every run in a folder, by its start; a link, such as `latest`, is no run of its own."""
    places = [place for place in folder.iterdir() if (place / RUN).is_file() and not place.is_symlink()]
    runs = [Past(name=place.name, result=judged_folder(place, *shelves)) for place in places]
    return sorted(runs, key=lambda one: (one.start, one.name))


def as_history(runs: Sequence[Past], known: Catalog) -> str:
    """Show the requirements over time: a row for each run, the newest first."""
    loader = PackageLoader("checks.report")
    environment = Environment(loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True)
    page = environment.get_template("history.html.j2").render(runs=list(reversed(runs)), known=known.requirements)
    return printable(page)


def _named(arguments: list[str], called: str) -> argparse.Namespace:
    parser = Parser(prog=called, description="Write a page over a folder of runs: the requirements over time.")
    parser.add_argument("folder", type=Path, help="a folder of runs, such as evidence")
    parser.add_argument("--requirements", type=Path, action="append", default=[], metavar="DIR")
    named = parser.parse_args(arguments)
    if not named.folder.is_dir():
        raise UnusableError(f"there is no folder `{named.folder}`")
    return named
