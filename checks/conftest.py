"""Fixtures: the subject, a fresh stack of it that checks share, and sabotaged ones for controls."""

import signal
import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from checks.evidence import Folder, Image
from stack import driver, engine, images, subject
from stack.board import Board
from stack.driver import Sabotage, Stack
from stack.errors import StackError
from stack.prepare import SHIPPED
from stack.subject import Subject

Broken = Callable[[Sabotage], Stack]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--stack", type=Path, default=SHIPPED, metavar="DIR", help="the Compose project to test: its directory or file"
    )


def pytest_configure() -> None:
    signal.signal(signal.SIGTERM, signal.default_int_handler)


@pytest.fixture(scope="session")
def tested(request: pytest.FixtureRequest) -> Subject:
    """The Compose project that was named."""
    with _told_in_a_sentence():
        return subject.read(request.config.getoption("--stack"))


@pytest.fixture(scope="session")
def stack(tested: Subject, evidence_folder: Folder) -> Iterator[Stack]:
    """A fresh stack, up and healthy, shared by the checks of a run; its logs are kept."""
    with ExitStack() as cleanup:
        with _told_in_a_sentence():
            versions = engine.ensure(print)
            board = cleanup.enter_context(Board())
            fresh = cleanup.enter_context(driver.fresh(tested, board, _hiding_in(evidence_folder)))
            _describe(fresh, versions, evidence_folder)
        try:
            yield fresh
        finally:
            _keep_logs(fresh, evidence_folder)


@pytest.fixture
def own_stack(broken: Broken) -> Stack:
    """A fresh stack of this check alone, for what cannot be put back."""
    return broken(lambda _: None)


@pytest.fixture
def broken(tested: Subject, evidence_folder: Folder) -> Iterator[Broken]:
    """A fresh stack with one sabotage in it: `stack = broken(sabotages.fsync_every_second)`."""
    with ExitStack() as cleanup:
        board = cleanup.enter_context(Board())

        def start(sabotage: Sabotage) -> Stack:
            with _told_in_a_sentence():
                return cleanup.enter_context(driver.fresh(tested, board, _hiding_in(evidence_folder), sabotage))

        yield start


@contextmanager
def _told_in_a_sentence() -> Iterator[None]:
    """A stack that does not start decides nothing; why not is told without a traceback."""
    try:
        yield
    except StackError as problem:
        pytest.fail(str(problem), pytrace=False)


def _hiding_in(folder: Folder) -> Callable[[Stack], None]:
    """Before a stack starts, have its secrets redacted from all that the run leaves."""
    return lambda stack: folder.hide(*stack.secrets().values())


def _describe(stack: Stack, versions: engine.Engine, folder: Folder) -> None:
    folder.describe(
        subject=str(stack.subject.compose_file),
        commit=_commit(),
        engine=versions.engine,
        compose=versions.compose,
        buildx=versions.buildx,
        images=tuple(Image(name=one.reference, digest=one.digest, source=one.source) for one in stack.images.values()),
    )
    folder.keep("compose.yaml", stack.resolved())


def _keep_logs(stack: Stack, folder: Folder) -> None:
    for service in stack.containers():
        folder.keep(f"logs/{service}.log", stack.logs(service))


def _commit() -> str:
    """The commit of this project, marked where the work tree differs from it."""
    told = subprocess.run(
        ["git", "describe", "--always", "--dirty", "--abbrev=40"],
        cwd=images.PROJECT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    return told.stdout.strip() or "not a git checkout"
