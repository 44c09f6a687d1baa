"""Check a signed result: `python -m checks.report verify evidence/latest --key PUBLIC.pem`."""

import argparse
import sys
from pathlib import Path

from checks.core.cli import Parser, UnusableError
from checks.core.judging import judged_folder
from checks.report.formats import ENVELOPE
from checks.report.intoto_json import as_statement
from checks.report.signing import NotSignedError, opened, public_key

VERIFIED, NOT_VERIFIED = 0, 1


def main(arguments: list[str], called: str) -> int:
    """0 if the key signed the statement and the evidence, judged again, says the same; 1 if not; 3 if unusable."""
    named = _named(arguments, called)
    try:
        text = (named.folder / ENVELOPE).read_text("utf-8")
        verdict = _verified(text, named)
    except OSError as error:
        raise UnusableError(f"`{named.folder / ENVELOPE}` cannot be read: {error.strerror}") from None
    except (NotSignedError, UnicodeDecodeError) as error:
        sys.stderr.write(f"not verified: {ENVELOPE}: {error}\n")
        return NOT_VERIFIED
    sys.stdout.write(f"verified: signed with this key, and judged again to the same: {verdict}\n")
    return VERIFIED


def _verified(envelope: str, named: argparse.Namespace) -> str:
    statement = opened(envelope, public_key(named.key))
    result = judged_folder(named.folder, *named.requirements)
    if as_statement(result) != statement:
        raise NotSignedError("the evidence beside it, judged again, does not say what was signed")
    return result.verdict


def _named(arguments: list[str], called: str) -> argparse.Namespace:
    parser = Parser(prog=called, description=main.__doc__)
    parser.add_argument("folder", type=Path, help="the evidence of one run, with its signed statement")
    parser.add_argument("--key", type=Path, required=True, metavar="FILE", help="the public key, Ed25519 in PEM")
    parser.add_argument("--requirements", type=Path, action="append", default=[], metavar="DIR")
    return parser.parse_args(arguments)
