"""A pytest plugin: why a check was not tried is told in a sentence.

One that asks for what its subject is not to have is not applicable, which is no failure. A test of our own code
fails by the same errors as by any other.
"""

from collections.abc import Generator, Iterator
from contextlib import contextmanager

import pytest
import redis

from checks.core.verdict import NotApplicableError
from checks.harness.plan import planned_of
from checks.subject.start import DidNotStartError
from stack.driver.errors import AwayError, EngineError, ImageError, StackError, SubjectError

REASON = pytest.StashKey[str]()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_setup(item: pytest.Item) -> Generator[None, object, object]:
    """What fixtures ask for counts as well."""
    with _told_in_a_sentence(item):
        return (yield)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, object, object]:
    """What the check itself asks for."""
    with _told_in_a_sentence(item):
        return (yield)


@contextmanager
def _told_in_a_sentence(item: pytest.Item) -> Iterator[None]:
    """Whatever keeps a check from being tried decides nothing; why not is told without a traceback.

    What keeps many from it for one reason, a subject, an engine or an image that cannot be used, is skipped: pytest
    sums up what is skipped for the same reason.
    """
    if planned_of(item) is None:
        yield
        return
    try:
        yield
    except NotApplicableError as absent:
        item.stash[REASON] = str(absent)  # this is no skip as any other
        pytest.skip(str(absent))
    except (DidNotStartError, AwayError) as problem:
        pytest.skip(problem.sentence)
    except (SubjectError, EngineError, ImageError) as problem:
        pytest.skip(problem.in_a_line)
    except redis.exceptions.NoPermissionError as problem:
        pytest.skip(f"the login at hand may not do it: {problem}")
    except StackError as problem:
        pytest.fail(str(problem), pytrace=False)


def applies(item: pytest.Item) -> bool:
    """Whether a check was found to be about something that its subject has."""
    return REASON not in item.stash
