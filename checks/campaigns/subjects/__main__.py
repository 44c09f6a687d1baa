"""Run every check on every shape, or on those that are named, and compare with what is expected: `nox -s subjects`."""

from __future__ import annotations

import argparse
import sys

from checks.campaigns.subjects import shapes
from checks.campaigns.subjects.shapes import Judged


def main() -> int:
    """Say of each shape what it came to, how long that took, and in what it differs from what is expected."""
    parser = argparse.ArgumentParser(prog="nox -s subjects --", description=__doc__)
    parser.add_argument("names", nargs="*", default=shapes.NAMES, metavar="SHAPE", help=", ".join(shapes.NAMES))
    parser.add_argument("--write", action="store_true", help="write what is seen as what is expected")
    named = parser.parse_args()
    shapes.provide_redis()
    differing = [name for name in named.names if differs(name, write=named.write)]  # every one is run
    return 1 if differing else 0


def differs(name: str, *, write: bool) -> bool:
    """Whether a shape came to something else than is expected of it."""
    with shapes.laid_out(name) as subject:
        found = shapes.judged(subject, "-n", "3", "--maxschedchunk", "1", environment=shapes.FROM_PACKAGES)
    told = as_text(found)
    golden = shapes.GOLDEN / f"{name}.full.txt"
    if write:
        golden.write_text(told)
    print(f"{name}: {found.seconds:.0f} s, {found.lines} lines")
    expected = golden.read_text() if golden.is_file() else ""
    if told == expected:
        return False
    print(f"expected:\n{expected or '(nothing yet)'}\nseen:\n{told}")
    return True


def as_text(found: Judged) -> str:
    """The verdict on each requirement, and each cause that kept checks from being tried."""
    lines = [f"{name} {verdict}" for name, verdict in shapes.verdicts(found).items()]
    reasons = [check["reason"] for one in found.report["requirements"] for check in one["checks"] if check["reason"]]
    shared = sorted({reason for reason in reasons if reasons.count(reason) > 1})
    return "\n".join([*lines, *shared]) + "\n"


if __name__ == "__main__":
    sys.exit(main())
