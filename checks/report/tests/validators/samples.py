"""What `accept.py` is to judge: `python -m checks.report.tests.validators.samples DIR` writes it."""

import sys
from dataclasses import replace
from pathlib import Path

from checks.core.judging import judged, judged_folder
from checks.core.results import Result
from checks.core.tests.sample_run import FAILING, PASSING
from checks.report.intoto_json import as_statement
from checks.report.oscal_json import as_oscal


def results(nothing: Path) -> dict[str, Result]:
    """A run that passed, its failing twin, one of a whole commit with an image twice, and an empty folder."""
    committed = replace(PASSING, run=replace(PASSING.run, commit="a" * 40, images=PASSING.run.images * 2))
    return {
        "passing": judged(PASSING),
        "failing": judged(FAILING),
        "committed": judged(committed),
        "nothing": judged_folder(nothing),
    }


def write(folder: Path) -> None:
    """Both documents of each."""
    for name, result in results(folder).items():
        (folder / f"{name}.oscal.json").write_text(as_oscal(result), encoding="utf-8")
        (folder / f"{name}.intoto.json").write_text(as_statement(result), encoding="utf-8")


if __name__ == "__main__":
    write(Path(sys.argv[1]))
