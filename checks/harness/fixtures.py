"""Fixtures: the subject, a fresh stack of it that checks share, and mutated ones."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from pathlib import Path

import pytest

from checks.core.evidence import Folder
from checks.core.tier import Tier, tier_of
from checks.faults import dind
from checks.faults.dind import Nested
from checks.harness import partly, plan, plugin, trusting, waivers
from checks.harness.runs import run_of
from checks.harness.snapshot import describe, describe_files, keep_what_was_said
from checks.roles.answers import settled
from checks.subject import profile, secret_places, workspace
from checks.subject.mutation import nothing
from checks.subject.profile import Subject
from checks.subject.roles import Finding, Role
from checks.subject.stack import Files, Mutation, Stack
from checks.subject.standing import standing
from checks.subject.start import Cause, DidNotStartError, Kept, Starts, cause_of
from stack import SHIPPED
from stack.driver import engine
from stack.driver.errors import EngineError, StackError, SubjectError
from stack.driver.progress import Progress

Mutated = Callable[[Mutation], Stack]
Starting = Callable[[Stack], AbstractContextManager[None]]
OnAnotherEngine = Callable[..., tuple[Stack, Nested]]
SETTLED = pytest.StashKey[dict[Role, Finding]]()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--stack", type=Path, default=SHIPPED, metavar="DIR", help="the Compose project to test: its directory or file"
    )
    parser.addoption("--keep", action="store_true", help="keep the stacks of checks that failed, for a look")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """With several workers, nobody is to begin a long one when the others are done; the last ones look back."""
    items.sort(key=lambda item: (bool(item.get_closest_marker("last")), not item.get_closest_marker("long")))


@pytest.fixture(scope="session")
def tested(request: pytest.FixtureRequest) -> Subject:
    """The Compose project that was named."""
    found = profile.read(request.config.getoption("--stack"), trusting.given(request.config.option))
    if plugin.FOLDER in request.config.stash:
        waivers.record(request.config.stash[plugin.FOLDER], found.waivers, plan.known(request.config))
    return found


@pytest.fixture(scope="session")
def files(request: pytest.FixtureRequest, tested: Subject, evidence_folder: Folder) -> Iterator[Files]:
    """The Compose project as files, for who asks no engine: where it stands, or a copy that its profile prepares."""
    with ExitStack() as cleanup:
        found = cleanup.enter_context(standing(tested, _prepared(request, tested, evidence_folder, cleanup)))
        with suppress(SubjectError):  # one that does not resolve has no secrets to hide, and is told of by who asks
            evidence_folder.hide(*found.secrets_there().values())
            evidence_folder.hide(*secret_places.to_hide(found.project.config, found.project.directory))
        describe_files(found, evidence_folder)
        yield found


def _prepared(request: pytest.FixtureRequest, tested: Subject, folder: Folder, cleanup: ExitStack) -> Path | None:
    """A prepared copy, where there is something to prepare and the run goes on to what may be built or started."""
    if not tested.prepare or request.config.getoption("tier") is Tier.DECLARED:
        return None
    try:
        progress = cleanup.enter_context(Progress())
        return cleanup.enter_context(workspace.prepared(tested, progress, run_of(request.config)))
    except StackError as problem:
        folder.note(f"the files were read where they stand, for they could not be prepared: {problem.sentence}")
        return None


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
            if not found or _failures(request) != began_with:
                found.clear()
                held.close()
                found.append(held.enter_context(_fresh(request, tested, progress)))
                began_with = _failures(request)
            return found[0]

        yield current


def _failures(request: pytest.FixtureRequest) -> int:
    """How many checks did not pass in this process, those that are tried again included."""
    return request.session.testsfailed + request.config.stash[plugin.TRIES].excused


@pytest.fixture(scope="session")
def starts(request: pytest.FixtureRequest) -> Starts:
    """What is known of how the stacks of this run start."""
    return Starts(run_of(request.config).folder)


@pytest.fixture(scope="session")
def copied(request: pytest.FixtureRequest, tested: Subject) -> Iterator[Callable[[], Stack]]:
    """Gives the copy that the checks of a worker share who start nothing."""
    with ExitStack() as cleanup:
        found: list[Stack] = []

        def current() -> Stack:
            if not found:
                progress = cleanup.enter_context(Progress())
                found.append(cleanup.enter_context(_fresh(request, tested, progress, started=False)))
            return found[0]

        yield current


@pytest.fixture
def ready(copied: Callable[[], Stack]) -> Stack:
    """A fresh stack that is ready and not started: for who looks at what is built, whether it would run or not."""
    return copied()


@pytest.fixture
def stack(request: pytest.FixtureRequest, shared: Callable[[], Stack]) -> Iterator[Stack]:
    """A fresh stack, up and healthy, which the checks of a worker share: who breaks something puts it back.

    Where not all of it comes up, a check of the tier running gets what did, and is told so when it asks for more. So
    does one of a higher tier that is marked `check(partly=True)`: what it breaks, it puts back within what came up.
    """
    with ExitStack() as held:
        try:
            found = shared()
        except DidNotStartError as problem:
            if not (kept := problem.cause.kept) or not _takes_a_part(request):
                raise
            held.enter_context(request.getfixturevalue("starts").alone())
            found = request.getfixturevalue("attached")(kept)
        yield found


def _takes_a_part(request: pytest.FixtureRequest) -> bool:
    marker = request.node.get_closest_marker("check")
    return marker is not None and (tier_of(request.path) is Tier.RUNNING or bool(marker.kwargs.get("partly")))


@pytest.fixture(scope="session")
def attached(request: pytest.FixtureRequest, tested: Subject, evidence_folder: Folder) -> Callable[[Kept], Stack]:
    """Gives what came up of a stack that did not come up whole; of that there is one in a run."""
    found: list[Stack] = []

    def current(kept: Kept) -> Stack:
        if not found:
            stack = partly.attached(tested, kept, run_of(request.config))
            _hide(evidence_folder, stack)
            found.append(settled(stack, request.config.stash.setdefault(SETTLED, {})))
        return found[0]

    return current


@pytest.fixture
def starting(request: pytest.FixtureRequest, starts: Starts) -> Iterator[Starting]:
    """Gives what a start is to be within, for who starts a whole stack by itself: `with starting(stack): ...`."""
    with ExitStack() as cleanup:
        progress = cleanup.enter_context(Progress())
        yield lambda stack: starts.tried(lambda cause: partly.kept(stack, cause, run_of(request.config), progress))


@pytest.fixture
def own_stack(mutated: Mutated) -> Stack:
    """A fresh stack of this check alone, for what cannot be put back."""
    return mutated(nothing)


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
            return cleanup.enter_context(_fresh(request, tested, progress, mutation, started=started))

        yield prepare


@pytest.fixture
def on_another_engine(request: pytest.FixtureRequest, tested: Subject, stack: Stack) -> Iterator[OnAnotherEngine]:
    """A fresh stack on an engine inside a container, for what would disturb others: `stack, engine = ...(mutation)`."""
    run, references = run_of(request.config), [image.reference for image in stack.runner.images.values()]
    with ExitStack() as cleanup:
        progress = cleanup.enter_context(Progress())

        def prepare(mutation: Mutation = nothing) -> tuple[Stack, Nested]:
            found = cleanup.enter_context(dind.begun(run.labels(f"{run.name}-engine"), run.folder, references))
            cleanup.enter_context(found.used())
            return cleanup.enter_context(_fresh(request, tested, progress, mutation, described=False)), found

        yield prepare


@contextmanager
def _fresh(
    request: pytest.FixtureRequest,
    tested: Subject,
    progress: Progress,
    *before_start: Mutation,
    started: bool = True,
    described: bool = True,
) -> Iterator[Stack]:
    """A fresh stack whose secrets are hidden before it starts, and whose logs are kept before it goes.

    Raises DidNotStartError where it is known that stacks of this run do not start, or found out by this one.
    """
    run, folder = run_of(request.config), request.config.stash[plugin.FOLDER]
    starts, came_up, failed_before = Starts(run.folder), False, _failures(request)
    _require_a_way(request.config, starts if started else None)

    made: list[Stack] = []

    def keep(cause: Cause) -> Kept | None:
        return partly.kept(made[0], cause, run, progress) if made else None

    def last_look(stack: Stack) -> bool:
        failed = _failures(request) > failed_before or not came_up
        kept = failed and bool(request.config.getoption("--keep"))
        keep_what_was_said(stack, folder)
        if kept:
            folder.note(
                f"stack `{stack.project.name}` is kept in {stack.project.directory}: `invoke sweep --kept` removes it"
            )
        return kept

    with ExitStack() as held:
        whole = started and all(step is nothing for step in before_start)
        turn = request.config.stash[plugin.TRIES].turns.start()
        with turn, starts.tried(keep) if whole else _told_as_a_cause():
            steps = (lambda stack: _hide(folder, stack), *before_start)
            stack = held.enter_context(
                workspace.fresh(tested, progress, run, *steps, last_look=last_look, started=False)
            )
            made.append(stack)
            if started:
                workspace.start(stack, progress)
        came_up = True
        if started and described:  # before that, its images need not even be here
            describe(stack, folder)
        yield settled(stack, request.config.stash.setdefault(SETTLED, {})) if started else stack


def _hide(folder: Folder, stack: Stack) -> None:
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
