"""Judge a run's evidence and show the result: `python -m checks.report evidence/latest`.

Beside that: `verify`, `diff` and `history`, each with a `--help` of its own.
"""

import argparse
import importlib
import os
import sys
from collections.abc import Callable
from pathlib import Path

from checks.core.catalog import CatalogError
from checks.core.cli import UNUSABLE, Parser, UnusableError
from checks.core.evidence import EvidenceError
from checks.core.judging import judged_folder
from checks.core.verdict import Verdict
from checks.report.formats import ENVELOPE, write, write_text
from checks.report.intoto_json import as_statement
from checks.report.terminal import as_terminal

EXIT_CODES = {
    Verdict.PROVEN: 0, Verdict.NOT_APPLICABLE: 0, Verdict.WAIVED: 0, Verdict.VIOLATED: 1, Verdict.UNDECIDED: 2
}  # fmt: skip
CALLED = "python -m checks.report"
COMMANDS = ("verify", "diff", "history")  # a module each; a folder of that name is reached as ./diff


def main(arguments: list[str] | None = None, called: str = CALLED) -> int:
    """Do what the command line says, which is `called` so, and give the exit code."""
    arguments = sys.argv[1:] if arguments is None else arguments
    try:
        if arguments and arguments[0] in COMMANDS:
            command = importlib.import_module(f"checks.report.{arguments[0]}")
            code: int = command.main(arguments[1:], f"{called} {arguments[0]}")
            return code
        return _report(named_in(arguments, called))
    except UnusableError as error:
        sys.stderr.write(f"error: {error}\nhint: `{called} --help`\n")
        return UNUSABLE
    except CatalogError as error:
        sys.stderr.write(f"{error}\n")
        return UNUSABLE
    except EvidenceError as error:
        sys.stderr.write(f"{error}\n")
        return error.exit_code


def _report(named: argparse.Namespace) -> int:
    """Judge a folder, write every output, and show the result."""
    sign = _signer(named.sign) if named.sign else None  # a key that is none is told before anything is written
    result = judged_folder(named.folder, *named.requirements)
    write(result, named.folder)
    if sign:
        write_text(named.folder / ENVELOPE, sign(as_statement(result)))
    sys.stdout.write(as_terminal(result) + f"report: {os.path.relpath(named.folder.resolve() / 'report.html')}\n")
    return EXIT_CODES[result.verdict]


def _signer(file: Path) -> Callable[[str], str]:
    """The library that signs is loaded by who signs."""
    from checks.report.signing import private_key, signed

    key = private_key(file)
    return lambda statement: signed(statement, key)


def named_in(arguments: list[str], called: str = CALLED) -> argparse.Namespace:
    """Read the command line."""
    parser = Parser(prog=called, description="Judge a run's evidence, and show and write the result.")
    parser.add_argument("folder", type=Path, help="the evidence of one run, such as evidence/latest")
    parser.add_argument(
        "--requirements", type=Path, action="append", default=[], metavar="DIR", help="requirements beside ours"
    )
    parser.add_argument("--sign", type=Path, metavar="KEYFILE", help="an Ed25519 key (PEM): write a signed statement")
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
