"""A pytest plugin: the session of a run, in which its workers take part, and of which nothing is left at its end."""

import signal
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack
from pathlib import Path
from typing import Any

import pytest

from checks.harness import plugin
from stack.driver import session
from stack.driver.errors import StackError
from stack.driver.session import Session

RUN = pytest.StashKey[Session]()
RUN_GIVEN = "compliance_run"


def pytest_configure(config: pytest.Config) -> None:
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    if given := getattr(config, "workerinput", {}).get(RUN_GIVEN):
        _take_part(config, session.joined(Path(given[0]), given[1]))


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:  # noqa: ANN401 - xdist's WorkerController, of which it gives no type
    """Workers take part in the run of this process, which removes what they leave when all of them are gone."""
    if plugin.FOLDER in node.config.stash:
        run = run_of(node.config)
        node.workerinput[RUN_GIVEN] = (str(run.folder), run.deadline)


def run_of(config: pytest.Config) -> Session:
    """The session of this run, begun where it has not."""
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
