"""Before anything of a project is built or started: what it asks of this machine, and whether a person allowed it."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from contextlib import suppress

import pytest

from checks.core.tier import Tier
from checks.subject import profile, trust
from checks.subject.dangers import Danger, Files, Found, dangers
from checks.subject.profile import Subject
from checks.subject.standing import standing
from checks.subject.trust import EVERYTHING, Trust, UntrustedError, preparation
from stack.driver.errors import StackError, SubjectError


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add what a person may allow."""
    group = parser.getgroup("trust")
    group.addoption("--trust", action="store_true", help="let the project do whatever it asks of this machine")
    group.addoption(
        "--allow", type=_kinds, default=frozenset(), metavar="KIND,...",
        help=f"let it do some: {', '.join(Danger)}",
    )  # fmt: skip


def _kinds(text: str) -> frozenset[Danger]:
    try:
        return trust.allowed(text)
    except ValueError as problem:
        raise argparse.ArgumentTypeError(str(problem)) from problem


def given(config: pytest.Config) -> Trust:
    """What was allowed on the command line."""
    return EVERYTHING if config.getoption("trust") else Trust(allowed=config.getoption("allow"))


@pytest.hookimpl(tryfirst=True)
def pytest_sessionstart(session: pytest.Session) -> None:
    """End a run that would build or start something dangerous, before it has begun: exit code 10, a line each."""
    config = session.config
    starts = any(word in config.getoption("markexpr") for word in ("check", "mutation"))
    if not starts or config.option.collectonly or config.getoption("tier") is Tier.DECLARED:
        return
    if not hasattr(config, "workerinput"):
        _require(config)


def _require(config: pytest.Config) -> None:
    with suppress(SubjectError):  # what cannot be read is told by the checks that ask for it
        subject = profile.read(config.getoption("stack"), given(config))
        try:
            subject.trust.require([*preparation(subject.prepare), *_of_files(subject)])
        except UntrustedError as refused:
            hint = "`--tier declared` judges its files alone, and runs nothing of it"
            pytest.exit(f"{refused}\nhint: {hint}", returncode=refused.exit_code)


def _of_files(subject: Subject) -> Iterator[Found]:
    """As the files stand; a copy of them, prepared, is looked at again before it starts."""
    with suppress(StackError), standing(subject) as files:
        yield from dangers(files.project.config, Files(project=subject.root))
