"""A fresh stack for a check: its secrets are hidden before it starts, and what it said is kept before it goes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import pytest

from checks.core.evidence import Folder
from checks.core.runner import SWARM
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
from stack.driver.menu import task
from stack.driver.progress import Progress
from stack.driver.swarm import membership

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
    run, starts = run_of(request.config), Starts(run_of(request.config).folder)
    _require_a_way(request.config, starts if started else None)
    if tested.runner == SWARM:
        membership.begin_for(run.labels(f"{run.name}-swarm"))
    begun, needed = Begun(request, progress), Needed(roles)
    whole = started and not roles and all(step is nothing for step in before_start)
    steps = (begun.hide, needed.look, *before_start)
    with ExitStack() as held:
        turn = request.config.stash[plugin.TRIES].turns.start()
        with turn, starts.tried(begun.keep_what_came_up) if whole else _told_as_a_cause():
            copy = workspace.fresh(tested, progress, run, *steps, last_look=begun.last_look, started=False)
            begun.stack = held.enter_context(copy)
            stack = needed.reduced(begun.stack)
            if started:
                workspace.start(stack, progress)
        begun.came_up = True
        if started and described:  # before that, its images need not even be here
            _describe_once(request.config, stack)
        yield settled(stack, request.config.stash.setdefault(SETTLED, {})) if started else stack


class Begun:
    """A fresh stack, as far as it came: what is hidden of it, and what is kept."""

    def __init__(self, request: pytest.FixtureRequest, progress: Progress) -> None:
        self._request, self._progress = request, progress
        self._folder = request.config.stash[plugin.FOLDER]
        self._failures = failures(request)
        self.stack: Stack | None = None  # once it is ready to be started
        self.came_up = False

    def hide(self, stack: Stack) -> None:
        """Its secrets, before anything of it is written down."""
        hide(self._folder, stack)

    def keep_what_came_up(self, cause: Cause) -> Kept | None:
        """Where not all of it did: for who needs no more. On Swarm nothing is kept."""
        if self.stack is None or self.stack.subject.runner == SWARM:
            return None
        return partly.kept(self.stack, cause, run_of(self._request.config), self._progress)

    def last_look(self, stack: Stack) -> bool:
        """Keep what its containers said; whether it stays itself, since a check failed and `--keep` was given."""
        keep_what_was_said(stack, self._folder)
        failed = failures(self._request) > self._failures or not self.came_up
        if not (failed and self._request.config.getoption("--keep")):
            return False
        self._folder.note(
            f"stack `{stack.project.name}` is kept in {stack.project.directory}: {task('sweep --kept')} removes it"
        )
        return True


def _describe_once(config: pytest.Config, stack: Stack) -> None:
    """What a run is made of is the same for each of its stacks."""
    if DESCRIBED not in config.stash:
        describe(stack, config.stash[plugin.FOLDER])
        config.stash[DESCRIBED] = True


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
