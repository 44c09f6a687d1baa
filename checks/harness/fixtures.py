"""Fixtures: the subject, a fresh stack of it that checks share, and mutated ones."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Protocol

import pytest

from checks.core.evidence import Folder
from checks.core.tier import Tier, tier_of
from checks.faults import dind
from checks.faults.dind import Nested
from checks.harness import partly, plan, plugin, trusting, waivers
from checks.harness.fresh import SETTLED, failures, fresh, hide
from checks.harness.runs import run_of
from checks.harness.snapshot import describe_files
from checks.roles.answers import settled
from checks.subject import profile, secret_places, workspace
from checks.subject.env_file import told_of_example
from checks.subject.mutation import nothing
from checks.subject.profile import Subject
from checks.subject.roles import Role
from checks.subject.stack import Files, Mutation, Stack
from checks.subject.standing import standing
from checks.subject.start import DidNotStartError, Kept, Starts
from stack import SHIPPED
from stack.driver.errors import StackError, SubjectError
from stack.driver.progress import Progress

Mutated = Callable[[Mutation], Stack]
Starting = Callable[[Stack], AbstractContextManager[None]]
OnAnotherEngine = Callable[..., tuple[Stack, Nested]]


class InPart(Protocol):
    """What the fixture `in_part` gives."""

    def __call__(self, mutation: Mutation, *roles: Role) -> Stack: ...


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
    found = replace(found, runner=request.config.getoption("runner"))
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
        if told := told_of_example(found.project.directory):
            evidence_folder.note(told)
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
            if not found or failures(request) != began_with:
                found.clear()
                held.close()
                found.append(held.enter_context(fresh(request, tested, progress)))
                began_with = failures(request)
            return found[0]

        yield current


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
                found.append(cleanup.enter_context(fresh(request, tested, progress, started=False)))
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
            hide(evidence_folder, stack)
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
    with _mutating(request, tested) as prepare:
        yield prepare


@pytest.fixture
def in_part(request: pytest.FixtureRequest, tested: Subject) -> Iterator[InPart]:
    """The same, of which only these roles are started (or what the requirement `needs`), and what the mutation adds.

    Whoever asks for another service gets an AwayError: a mutation that wants it cannot pass by mistake.
    """
    requirement = plan.known(request.config).of_file(request.path)
    assert requirement, f"{request.path} stands in the folder of no requirement"
    with _mutating(request, tested) as prepare:
        yield lambda mutation, *roles: prepare(mutation, roles=roles or requirement.needs)


@pytest.fixture
def unstarted(request: pytest.FixtureRequest, tested: Subject) -> Iterator[Mutated]:
    """The same, ready and not started: for who looks at the start itself, or at files alone."""
    with _mutating(request, tested) as prepare:
        yield lambda mutation: prepare(mutation, started=False)


@contextmanager
def _mutating(request: pytest.FixtureRequest, tested: Subject) -> Iterator[Callable[..., Stack]]:
    with ExitStack() as cleanup:
        progress = cleanup.enter_context(Progress())
        yield lambda mutation, **how: cleanup.enter_context(fresh(request, tested, progress, mutation, **how))


@pytest.fixture
def on_another_engine(request: pytest.FixtureRequest, tested: Subject, stack: Stack) -> Iterator[OnAnotherEngine]:
    """A fresh stack on an engine inside a container, for what would disturb others: `stack, engine = ...(mutation)`."""
    run, references = run_of(request.config), [image.reference for image in stack.runner.images.values()]
    with ExitStack() as cleanup:
        progress = cleanup.enter_context(Progress())

        def prepare(mutation: Mutation = nothing) -> tuple[Stack, Nested]:
            found = cleanup.enter_context(dind.begun(run.labels(f"{run.name}-engine"), run.folder, references))
            cleanup.enter_context(found.used())
            return cleanup.enter_context(fresh(request, tested, progress, mutation, described=False)), found

        yield prepare
