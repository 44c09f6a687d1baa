"""Before anything of a project is built or started: what it asks of this machine, and whether a person allowed it."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from checks.core.tier import Tier
from checks.subject import profile, trust
from checks.subject.dangers import Danger, Files, Found, dangers
from checks.subject.plain import plain
from checks.subject.profile import Subject
from checks.subject.reach import read_by_compose
from checks.subject.standing import standing
from checks.subject.trust import EVERYTHING, SHOWN, Trust, UntrustedError, preparation
from stack.driver.environment import withheld
from stack.driver.errors import StackError, SubjectError


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add what a person may allow."""
    add_options(parser.getgroup("trust").addoption)


def add_options(add: Callable[..., object]) -> None:
    """Add it to any parser of a command line, by what adds an option to that."""
    add("--trust", action="store_true", help="let the project do whatever it asks of this machine")
    told = f"let it do some: {', '.join(Danger)}"
    add("--allow", type=_kinds, default=frozenset(), metavar="KIND,...", help=told)


def _kinds(text: str) -> frozenset[Danger]:
    try:
        return trust.allowed(text)
    except ValueError as problem:
        raise argparse.ArgumentTypeError(str(problem)) from problem


def given(options: argparse.Namespace) -> Trust:
    """What was allowed on the command line."""
    return EVERYTHING if options.trust else Trust(allowed=options.allow)


def require(subject: Subject) -> None:
    """Raises UntrustedError for what it would do that nobody allowed; tells what it does not get for that."""
    subject.trust.require([*preparation(subject.prepare), *_of_files(subject)])
    _tell_what_is_withheld(subject)


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
        subject = profile.read(config.getoption("stack"), given(config.option))
        try:
            require(subject)
        except UntrustedError as refused:
            hint = "`--tier declared` judges its files alone, and runs nothing of it"
            pytest.exit(f"{refused}\nhint: {hint}", returncode=refused.exit_code)


def _tell_what_is_withheld(subject: Subject) -> None:
    """Somebody may have meant their project to reach out, or to read what this process has: they are told otherwise."""
    if not subject.trust.allows(Danger.ROUTE_OUT):
        print("note: its containers get no route out of this machine (one with `--allow route-out`)", file=sys.stderr)
    if subject.trust.allows(Danger.ENVIRONMENT):
        return
    texts = [file.read_text(errors="replace") for file in subject.files if file.is_file()]
    if names := withheld(os.environ, texts):
        told = f"variables of this shell are not the project's: {plain(', '.join(names[:SHOWN]))}"
        print(f"note: {told} (it gets them with `--allow environment`)", file=sys.stderr)


def _of_files(subject: Subject) -> Iterator[Found]:
    """As the files stand; a copy of them, prepared, is looked at again before it starts."""
    for path in read_by_compose(subject.files, subject.started_in or subject.directory):
        if not Path(os.path.realpath(path)).is_relative_to(os.path.realpath(subject.root)):
            yield Found(danger=Danger.OUTSIDE_FILES, key="env_file, label_file, include or extends", value=str(path))
    with suppress(StackError), standing(subject) as files:
        yield from dangers(files.project.config, Files(project=subject.root))
