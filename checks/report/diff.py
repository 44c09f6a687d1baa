"""Compare two runs: `python -m checks.report diff OLD NEW`."""

import argparse
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from checks.core.cli import Parser, UnusableError
from checks.core.judging import judged_folder
from checks.core.results import JudgedCheck, JudgedMutation, JudgedRequirement, Result
from checks.core.verdict import Verdict
from checks.report.naming import title
from checks.report.words import printable

NOT_WORSE, WORSE, NOT_COMPARABLE = 0, 1, 2
BEYOND_S, BEYOND_RATIO = 3.0, 1.5
"""A time has changed when it did by more than both: 1 of 71 did between two full runs 11 minutes apart (2 cores)."""
ORDER = (Verdict.PROVEN, Verdict.NOT_APPLICABLE, Verdict.WAIVED, Verdict.UNDECIDED, Verdict.VIOLATED)


@dataclass(frozen=True, kw_only=True)
class Change:
    """One thing that is not as it was; `worse` decides the exit code."""

    what: str
    old: str
    new: str
    worse: bool = False


def main(arguments: list[str], called: str) -> int:
    """0 if nothing got worse, 1 if something did, 2 if a run cannot be read, 3 for a command line without sense."""
    named = _named(arguments, called)
    old, new = (judged_folder(folder, *named.requirements) for folder in (named.old, named.new))
    for folder, result in ((named.old, old), (named.new, new)):
        if result.run is None:
            sys.stderr.write(f"error: `{folder}` cannot be compared: {result.reasons[0]}\n")
            return NOT_COMPARABLE
    changes = list(compared(old, new))
    sys.stdout.write(as_text(changes))
    return WORSE if any(change.worse for change in changes) else NOT_WORSE


def compared(old: Result, new: Result) -> Iterator[Change]:
    """What changed: verdicts, then rules, checks, mutations, versions and images, and times."""
    yield from _one("verdict", old.verdict, new.verdict)
    yield from _verdicts("", _requirements(old), _requirements(new))
    yield from _rules(old, new)
    yield from _verdicts("check ", _checks(old), _checks(new))
    yield from _verdicts("mutation ", _mutations(old), _mutations(new))
    yield from _versions(old, new)
    yield from _times(old, new)


def as_text(changes: list[Change]) -> str:
    """A line for each change, the worse ones first, and how many there are."""
    ordered = sorted(changes, key=lambda change: not change.worse)
    lines = [f"{'worse' if one.worse else '':<7}{one.what}: {one.old} -> {one.new}" for one in ordered]
    worse = sum(one.worse for one in changes)
    return printable("\n".join([*lines, f"{len(changes)} changes, {worse} for the worse"]) + "\n")


def _one(what: str, old: Verdict | None, new: Verdict | None) -> list[Change]:
    """A verdict that fell is worse, and so is one that is gone."""
    if old is new:
        return []
    worse = old is not None and (new is None or ORDER.index(new) > ORDER.index(old))
    return [Change(what=what, old=old or "not judged", new=new or "not judged", worse=worse or new is Verdict.VIOLATED)]


def _verdicts(kind: str, old: dict[str, Verdict], new: dict[str, Verdict]) -> Iterator[Change]:
    for name in dict.fromkeys([*old, *new]):
        yield from _one(f"{kind}{name}", old.get(name), new.get(name))


def _requirements(result: Result) -> dict[str, Verdict]:
    return {found.id: found.verdict for found in result.requirements}


def _checks(result: Result) -> dict[str, Verdict]:
    return {_told(found, check): check.verdict for found in result.requirements for check in found.checks}


def _mutations(result: Result) -> dict[str, Verdict]:
    noticed = {True: Verdict.PROVEN, False: Verdict.UNDECIDED}
    return {_told(found, one): noticed[one.noticed] for found in result.requirements for one in found.mutations}


def _told(found: JudgedRequirement, test: JudgedCheck | JudgedMutation) -> str:
    return f"{found.id} {title(test.name)}"


def _rules(old: Result, new: Result) -> Iterator[Change]:
    before, now = _broken(old), _broken(new)
    for rule in sorted(now - before):
        yield Change(what=f"rule {rule}", old="not violated", new="violated", worse=True)
    for rule in sorted(before - now):
        yield Change(what=f"rule {rule}", old="violated", new="not violated")


def _broken(result: Result) -> set[str]:
    checks = [(found.id, check) for found in result.requirements for check in found.checks]
    return {f"{known}/{one.rule}" for known, check in checks for one in check.violations}


def _versions(old: Result, new: Result) -> Iterator[Change]:
    before, now = _facts(old), _facts(new)
    for name in dict.fromkeys([*before, *now]):
        if before.get(name) != now.get(name):
            yield Change(what=name, old=before.get(name) or "none", new=now.get(name) or "none")


def _facts(result: Result) -> dict[str, str | None]:
    if result.run is None:
        return {}
    names = ("subject", "commit", "engine", "compose", "buildx", "python", "platform")
    facts: dict[str, str | None] = {name: getattr(result.run, name) for name in names}
    return facts | dict(result.run.inputs) | {f"image {image.name}": image.digest for image in result.run.images}


def _times(old: Result, new: Result) -> Iterator[Change]:
    before, now = _seconds(old), _seconds(new)
    for name in (name for name in before if name in now):
        least, most = sorted((before[name], now[name]))
        if most - least > BEYOND_S and most > BEYOND_RATIO * least:
            yield Change(what=f"time of {name}", old=f"{before[name]:.1f} s", new=f"{now[name]:.1f} s")


def _seconds(result: Result) -> dict[str, float]:
    tests: list[tuple[JudgedRequirement, JudgedCheck | JudgedMutation]] = []
    for found in result.requirements:
        tests += [(found, check) for check in found.checks] + [(found, one) for one in found.mutations]
    return {_told(found, test): test.seconds + test.setup_seconds for found, test in tests}


def _named(arguments: list[str], called: str) -> argparse.Namespace:
    parser = Parser(prog=called, description=main.__doc__)
    parser.add_argument("old", type=Path, help="the evidence of the run before")
    parser.add_argument("new", type=Path, help="the evidence of the run after")
    parser.add_argument("--requirements", type=Path, action="append", default=[], metavar="DIR")
    named = parser.parse_args(arguments)
    for folder in (named.old, named.new):
        if not folder.is_dir():
            raise UnusableError(f"there is no folder `{folder}`")
    return named
