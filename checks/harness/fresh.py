"""A fresh stack for a check: its secrets are hidden before it starts, and what it said is kept before it goes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import pytest

from checks.core.evidence import Folder
from checks.harness import partly, plugin
from checks.harness.partly import Needed
from checks.harness.runs import run_of
from checks.harness.snapshot import describe, keep_what_was_said
from checks.roles.answers import settled
from checks.subject import secret_places, workspace
from checks.subject.mutation import nothing
from checks.subject.profile import Subject
from checks.subject.roles import Finding, Role
from checks.subject.stack import Mutation, Stack
from checks.subject.start import Cause, DidNotStartError, Kept, Starts, cause_of
from stack.driver import engine
from stack.driver.errors import EngineError, SubjectError
from stack.driver.progress import Progress

DESCRIBED = pytest.StashKey[bool]()
SETTLED = pytest.StashKey[dict[Role, Finding]]()


@contextmanager
def fresh(
    request: pytest.FixtureRequest,
    tested: Subject,
    progress: Progress,
    *before_start: Mutation,
    started: bool = True,
    described: bool = True,
    roles: tuple[str, ...] = (),
) -> Iterator[Stack]:
    """A fresh stack whose secrets are hidden before it starts, and whose logs are kept before it goes.

    With `roles`, no more of it is started than these need and what was added before the start.

    Raises DidNotStartError where it is known that stacks of this run do not start, or found out by this one.
    """
    run, folder = run_of(request.config), request.config.stash[plugin.FOLDER]
    starts, came_up, failed_before = Starts(run.folder), False, failures(request)
    _require_a_way(request.config, starts if started else None)

    needed = Needed(roles)
    made: list[Stack] = []

    def keep(cause: Cause) -> Kept | None:
        return partly.kept(made[0], cause, run, progress) if made else None

    def last_look(stack: Stack) -> bool:
        failed = failures(request) > failed_before or not came_up
        kept = failed and bool(request.config.getoption("--keep"))
        keep_what_was_said(stack, folder)
        if kept:
            folder.note(
                f"stack `{stack.project.name}` is kept in {stack.project.directory}: `invoke sweep --kept` removes it"
            )
        return kept

    with ExitStack() as held:
        whole = started and not roles and all(step is nothing for step in before_start)
        turn = request.config.stash[plugin.TRIES].turns.start()
        with turn, starts.tried(keep) if whole else _told_as_a_cause():
            steps = (lambda stack: hide(folder, stack), needed.look, *before_start)
            stack = held.enter_context(
                workspace.fresh(tested, progress, run, *steps, last_look=last_look, started=False)
            )
            made.append(stack)
            stack = needed.reduced(stack)
            if started:
                workspace.start(stack, progress)
        came_up = True
        if started and described and DESCRIBED not in request.config.stash:  # before that, its images may not be here
            describe(stack, folder)
            request.config.stash[DESCRIBED] = True
        yield settled(stack, request.config.stash.setdefault(SETTLED, {})) if started else stack


def hide(folder: Folder, stack: Stack) -> None:
    folder.hide(*stack.secrets().values(), *secret_places.to_hide(stack.project.config, stack.project.directory))


@contextmanager
def _told_as_a_cause() -> Iterator[None]:
    """A subject of which no copy can be made is told of in the words of those who would have started it."""
    try:
        yield
    except SubjectError as problem:
        raise DidNotStartError(cause_of(problem)) from problem


def _require_a_way(config: pytest.Config, starts: Starts | None) -> None:
    """Raises DidNotStartError where no engine answers, or it is known that stacks do not start."""
    try:
        _watch_the_engine(config)
    except EngineError as problem:
        raise DidNotStartError(cause_of(problem)) from problem
    if starts and (known := starts.cause()):
        raise DidNotStartError(known)


def _watch_the_engine(config: pytest.Config) -> None:
    if plugin.STILL_THERE not in config.stash:
        engine.require()
        cleanup = ExitStack()
        config.add_cleanup(cleanup.close)
        config.stash[plugin.STILL_THERE] = cleanup.enter_context(engine.watched())


def failures(request: pytest.FixtureRequest) -> int:
    """How many checks did not pass in this process, those that are tried again included."""
    return request.session.testsfailed + request.config.stash[plugin.TRIES].excused
