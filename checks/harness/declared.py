"""What the files of a subject violate, told at once: the checks of the tier declared, called without pytest.

It is judged as Compose would run it.

For who changes files and asks what has come of it. It decides nothing: verdicts come of evidence, by `checks.report`.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path

import pytest

from checks.core import catalog, registry
from checks.core.requirement import Requirement
from checks.core.run import Kind
from checks.core.runner import COMPOSE
from checks.core.tier import Tier, tier_of
from checks.core.verdict import NotApplicableError, Violation
from checks.harness.coverage import marked
from checks.harness.plan import of_runner
from checks.subject.stack import Files
from stack.driver.errors import StackError

Violated = Mapping[tuple[str, str], Violation]
"""{(requirement, rule): the first violation of it}."""


class Seen:
    """Takes what a check sees, as evidence would, and keeps it here."""

    def __init__(self) -> None:
        self.observations: list[object] = []

    def saw(self, observation: object) -> object:
        self.observations.append(observation)
        return observation


def violated(files: Files, *only: str) -> Violated:
    """Every rule that its files show to be broken, of these requirements or of all."""
    known = catalog.read()
    catalog.load_judges(known)
    found: dict[tuple[str, str], Violation] = {}
    for requirement in [one for one in known.requirements if one.id in only or not only]:
        for violation in _violations(requirement, files):
            found.setdefault((requirement.id, violation.rule), violation)
    return found


def _violations(requirement: Requirement, files: Files) -> Iterator[Violation]:
    for check, marker in marked(requirement, Kind.CHECK):
        if tier_of(Path(inspect.getfile(check))) is Tier.DECLARED and of_runner(marker, COMPOSE):
            seen = _seen_by(check, files)
            yield from (one for observation in seen for one in registry.judge(observation))


def _seen_by(check: Callable[..., None], files: Files) -> list[object]:
    """What a check saw until it came to its verdict, or to why it has none."""
    seen = Seen()
    with suppress(AssertionError, StackError, NotApplicableError, pytest.skip.Exception):
        check(files=files, evidence=seen)
    return seen.observations
