"""Fixtures: the subject, a fresh stack of it that checks share, and mutated ones."""

import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest

from checks.core.evidence import Folder
from checks.faults import dind
from checks.faults.dind import Nested
from checks.harness import plugin
from checks.harness.snapshot import describe, keep_what_was_said
from checks.subject import profile, workspace
from checks.subject.profile import Subject
from checks.subject.stack import Mutation, Stack
from stack import SHIPPED
from stack.driver import engine, session
from stack.driver.errors import StackError
from stack.driver.progress import Progress
from stack.driver.session import Session

Mutated = Callable[[Mutation], Stack]
OnAnotherEngine = Callable[..., tuple[Stack, Nested]]
RUN = pytest.StashKey[Session]()
RUN_GIVEN = "compliance_run"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--stack", type=Path, default=SHIPPED, metavar="DIR", help="the Compose project to test: its directory or file"
    )
    parser.addoption("--keep", action="store_true", help="keep the stacks of checks that failed, for a look")


def pytest_configure(config: pytest.Config) -> None:
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    if given := getattr(config, "workerinput", {}).get(RUN_GIVEN):
        _take_part(config, session.joined(Path(given[0]), given[1]))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """With several workers, nobody is to begin a long one when the others are done."""
    items.sort(key=lambda item: item.get_closest_marker("long") is None)


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:  # noqa: ANN401 - xdist's WorkerController, of which it gives no type
    """Workers take part in the run of this process, which removes what they leave when all of them are gone."""
    if plugin.FOLDER in node.config.stash:
        run = _run_of(node.config)
        node.workerinput[RUN_GIVEN] = (str(run.folder), run.deadline)


def _run_of(config: pytest.Config) -> Session:
    return config.stash[RUN] if RUN in config.stash else _take_part(config, session.begun())


def _take_part(config: pytest.Config, run: AbstractContextManager[Session]) -> Session:
    cleanup = ExitStack()
    config.add_cleanup(lambda: _told_on_stderr(cleanup.close))
    config.stash[RUN] = cleanup.enter_context(run)
    return config.stash[RUN]


def _told_on_stderr(close: Callable[[], None]) -> None:
    try:
        close()
    except StackError as problem:
        sys.stderr.write(f"{problem}\n")


@pytest.fixture(scope="session")
def tested(request: pytest.FixtureRequest) -> Subject:
    """The Compose project that was named."""
    with told_in_a_sentence():
        return profile.read(request.config.getoption("--stack"))


@pytest.fixture(scope="session")
def shared(request: pytest.FixtureRequest, tested: Subject) -> Iterator[Callable[[], Stack]]:
    """Gives the stack that the checks of a worker share: a new one after a check that did not pass."""
    with ExitStack() as cleanup:
        progress = cleanup.enter_context(Progress())
        held, began_with = ExitStack(), -1
        cleanup.callback(lambda: held.close())
        found: list[Stack] = []

        def current() -> Stack:
            nonlocal began_with
            if request.session.testsfailed != began_with:
                began_with = request.session.testsfailed
                held.close()
                found[:] = [held.enter_context(_fresh(request, tested, progress))]
            return found[0]

        yield current


@pytest.fixture
def stack(shared: Callable[[], Stack]) -> Stack:
    """A fresh stack, up and healthy, which the checks of a worker share: who breaks something puts it back."""
    with told_in_a_sentence():
        return shared()


@pytest.fixture
def own_stack(mutated: Mutated) -> Stack:
    """A fresh stack of this check alone, for what cannot be put back."""
    return mutated(lambda _: None)


@pytest.fixture
def mutated(request: pytest.FixtureRequest, tested: Subject) -> Iterator[Mutated]:
    """A fresh stack with one mutation in it: `stack = mutated(mutations.fsync_every_second)`."""
    yield from _mutated(request, tested, started=True)


@pytest.fixture
def unstarted(request: pytest.FixtureRequest, tested: Subject) -> Iterator[Mutated]:
    """The same, ready and not started: for who looks at the start itself, or at files alone."""
    yield from _mutated(request, tested, started=False)


def _mutated(request: pytest.FixtureRequest, tested: Subject, *, started: bool) -> Iterator[Mutated]:
    with ExitStack() as cleanup:
        progress = cleanup.enter_context(Progress())

        def prepare(mutation: Mutation) -> Stack:
            with told_in_a_sentence():
                return cleanup.enter_context(_fresh(request, tested, progress, mutation, started=started))

        yield prepare


@pytest.fixture
def on_another_engine(request: pytest.FixtureRequest, tested: Subject, stack: Stack) -> Iterator[OnAnotherEngine]:
    """A fresh stack on an engine inside a container, for what would disturb others: `stack, engine = ...(mutation)`."""
    run, references = _run_of(request.config), [image.reference for image in stack.runner.images.values()]
    with ExitStack() as cleanup:
        progress = cleanup.enter_context(Progress())

        def prepare(mutation: Mutation = lambda _: None) -> tuple[Stack, Nested]:
            found = cleanup.enter_context(dind.begun(run.labels(f"{run.name}-engine"), run.folder, references))
            cleanup.enter_context(found.used())
            with told_in_a_sentence():
                return cleanup.enter_context(_fresh(request, tested, progress, mutation, described=False)), found

        yield prepare


@contextmanager
def told_in_a_sentence() -> Iterator[None]:
    """A stack that does not start decides nothing; why not is told without a traceback."""
    try:
        yield
    except StackError as problem:
        pytest.fail(str(problem), pytrace=False)


@contextmanager
def _fresh(
    request: pytest.FixtureRequest,
    tested: Subject,
    progress: Progress,
    *before_start: Mutation,
    started: bool = True,
    described: bool = True,
) -> Iterator[Stack]:
    """A fresh stack whose secrets are hidden before it starts, and whose logs are kept before it goes."""
    _watch_the_engine(request.config)
    folder: Folder = request.config.stash[plugin.FOLDER]
    failed_before = request.session.testsfailed

    def hide(stack: Stack) -> None:
        folder.hide(*stack.secrets().values())

    def last_look(stack: Stack) -> bool:
        failed = request.session.testsfailed > failed_before or not came_up
        kept = failed and bool(request.config.getoption("--keep"))
        keep_what_was_said(stack, folder)
        if kept:
            folder.note(
                f"stack `{stack.project.name}` is kept in {stack.project.directory}: `invoke sweep --kept` removes it"
            )
        return kept

    came_up = False
    run = _run_of(request.config)
    with workspace.fresh(tested, progress, run, hide, *before_start, last_look=last_look, started=started) as stack:
        came_up = True
        if started and described:  # before that, its images need not even be here
            describe(stack, folder)
        yield stack


def _watch_the_engine(config: pytest.Config) -> None:
    if plugin.STILL_THERE not in config.stash:
        engine.require()
        cleanup = ExitStack()
        config.add_cleanup(cleanup.close)
        config.stash[plugin.STILL_THERE] = cleanup.enter_context(engine.watched())
