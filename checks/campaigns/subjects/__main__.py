"""Run every check on every shape, or on those that are named, and compare with what is expected: `nox -s subjects`."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from checks.campaigns.subjects import shapes
from checks.campaigns.subjects.shapes import Judged
from checks.harness.turns import PARALLEL
from checks.subject import profile
from checks.subject.standing import standing
from checks.subject.start import budget

START_ALONE = ("--tier=running", "-k", "test_all_comes_up_from_nothing")
DID_NOT_START = ("skipped: needs `", "skipped: needs every image", "skipped: needs the stack")

WITH_A_GOLDEN = [name for name in shapes.NAMES if (shapes.GOLDEN / f"{name}.full.txt").is_file()]


def main() -> int:
    """Say of each shape what it came to, how long that took, and in what it differs from what is expected."""
    parser = argparse.ArgumentParser(prog="nox -s subjects --", description=__doc__)
    parser.add_argument("names", nargs="*", default=WITH_A_GOLDEN, metavar="SHAPE", help=", ".join(shapes.NAMES))
    parser.add_argument("--write", action="store_true", help="write what is seen as what is expected")
    named = parser.parse_args()
    os.environ.update(shapes.FROM_PACKAGES)  # also for what is resolved in this process
    shapes.provide_redis()
    wrong = [name for name in named.names if differs(name, write=named.write)]  # every one is run
    return 1 if wrong else 0


def differs(name: str, *, write: bool) -> bool:
    """Whether a shape came to something else than is expected of it, or took longer than it may."""
    with shapes.laid_out(name) as subject:
        declared = shapes.judged(subject, "--tier=declared", environment=shapes.FROM_PACKAGES)
        alone = shapes.judged(subject, *START_ALONE, environment=shapes.FROM_PACKAGES)
        found = shapes.judged(subject, *PARALLEL, environment=shapes.FROM_PACKAGES)
        most = longest(subject)
    print(f"{name}: {found.seconds:.0f} s, {found.lines} lines; {_figures(declared, alone)}")
    late = not starts(found) and found.seconds > most
    if not starts(found):
        told = "after" if late else "within"
        print(f"  does not start whole: ended {told} {most:.0f} s, which is 1.5 x its start budget + 15 s")
    return _is_unexpected(name, as_text(found), write=write) or late


def longest(subject: Path) -> float:
    """Seconds in which a run on a project that does not start is to end."""
    read = profile.read(subject)
    with standing(read) as files:
        return 1.5 * budget(files.project.config, read.start_seconds) + 15


def starts(found: Judged) -> bool:
    """Whether its stack came up whole."""
    return not any(cause.startswith(DID_NOT_START) for cause in found.causes)


def _figures(declared: Judged, alone: Judged) -> str:
    return (
        f"files alone {declared.seconds:.1f} s; a start and nothing else {alone.seconds:.1f} s, of which"
        f" {alone.processor:.1f} s of the processor are ours"
    )


def _is_unexpected(name: str, told: str, *, write: bool) -> bool:
    golden = shapes.GOLDEN / f"{name}.full.txt"
    if write:
        golden.write_text(told)
    expected = golden.read_text() if golden.is_file() else ""
    if told == expected:
        return False
    print(f"expected:\n{expected or '(nothing yet)'}\nseen:\n{told}")
    return True


def as_text(found: Judged) -> str:
    """Each requirement with the verdicts on its rules, and each cause that kept checks from being tried."""
    lines = [line for one in found.report["requirements"] for line in _of(one)]
    return "\n".join([*lines, *found.causes]) + "\n"


def _of(requirement: Mapping[str, Any]) -> Iterator[str]:
    yield f"{requirement['id']} {requirement['verdict']}"
    for verdict in ("violated", "proven"):
        rules = [f"{one['name']} ({one['tier']})" for one in requirement["rules"] if one["verdict"] == verdict]
        if rules:
            yield f"  {verdict}: {', '.join(rules)}"


if __name__ == "__main__":
    sys.exit(main())
