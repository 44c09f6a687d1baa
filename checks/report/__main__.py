"""Judge a run's evidence and show the result: `python -m checks.report evidence/latest`."""

import argparse
import os
import sys
from pathlib import Path

from checks.core.catalog import CatalogError
from checks.core.cli import UNUSABLE, Parser, UnusableError
from checks.core.evidence import EvidenceError
from checks.core.judging import judged_folder
from checks.core.verdict import Verdict
from checks.report.formats import write
from checks.report.terminal import as_terminal

EXIT_CODES = {Verdict.PROVEN: 0, Verdict.NOT_APPLICABLE: 0, Verdict.VIOLATED: 1, Verdict.UNDECIDED: 2}


def main(arguments: list[str] | None = None) -> int:
    """Judge the folder named on the command line, write every output, and give the exit code."""
    try:
        named = named_in(arguments)
        result = judged_folder(named.folder, *named.requirements)
        write(result, named.folder)
    except UnusableError as error:
        sys.stderr.write(f"error: {error}\nhint: `python -m checks.report evidence/latest`\n")
        return UNUSABLE
    except CatalogError as error:
        sys.stderr.write(f"{error}\n")
        return UNUSABLE
    except EvidenceError as error:
        sys.stderr.write(f"{error}\n")
        return error.exit_code
    sys.stdout.write(as_terminal(result) + f"report: {os.path.relpath(named.folder.resolve() / 'report.html')}\n")
    return EXIT_CODES[result.verdict]


def named_in(arguments: list[str] | None) -> argparse.Namespace:
    """Read the command line."""
    parser = Parser(prog="python -m checks.report", description=__doc__)
    parser.add_argument("folder", type=Path, help="the evidence of one run, such as evidence/latest")
    parser.add_argument(
        "--requirements", type=Path, action="append", default=[], metavar="DIR", help="requirements beside ours"
    )
    named = parser.parse_args(arguments)
    if not named.folder.is_dir():
        raise UnusableError(f"there is no folder `{named.folder}`")
    return named


if __name__ == "__main__":
    try:
        code = main()
    except Exception:  # noqa: BLE001 - Python ends a traceback with 1, which here would say: violated
        sys.excepthook(*sys.exc_info())
        code = EXIT_CODES[Verdict.UNDECIDED]
    sys.exit(code)
