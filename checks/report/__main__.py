"""Judge a run's evidence and show the result: `python -m checks.report evidence/latest`."""

import os
import sys
from pathlib import Path

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
        folder = folder_named(arguments)
        report = judged_folder(folder)
        write(report, folder)
    except UnusableError as error:
        sys.stderr.write(f"error: {error}\nhint: `python -m checks.report evidence/latest`\n")
        return UNUSABLE
    except EvidenceError as error:
        sys.stderr.write(f"{error}\n")
        return error.exit_code
    sys.stdout.write(as_terminal(report) + f"report: {os.path.relpath(folder.resolve() / 'report.html')}\n")
    return EXIT_CODES[report.verdict]


def folder_named(arguments: list[str] | None) -> Path:
    """Read the command line."""
    parser = Parser(prog="python -m checks.report", description=__doc__)
    parser.add_argument("folder", type=Path, help="the evidence of one run, such as evidence/latest")
    folder: Path = parser.parse_args(arguments).folder
    if not folder.is_dir():
        raise UnusableError(f"there is no folder `{folder}`")
    return folder


if __name__ == "__main__":
    try:
        code = main()
    except Exception:  # noqa: BLE001 - Python ends a traceback with 1, which here would say: violated
        sys.excepthook(*sys.exc_info())
        code = EXIT_CODES[Verdict.UNDECIDED]
    sys.exit(code)
