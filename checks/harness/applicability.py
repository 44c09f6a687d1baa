"""A pytest plugin: a check that asks for what its subject is not to have is not applicable, which is no failure."""

from collections.abc import Generator, Iterator
from contextlib import contextmanager

import pytest

from checks.core.verdict import NotApplicableError

REASON = pytest.StashKey[str]()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_setup(item: pytest.Item) -> Generator[None, object, object]:
    """What fixtures ask for counts as well."""
    with _told(item):
        return (yield)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, object, object]:
    """What the check itself asks for."""
    with _told(item):
        return (yield)


@contextmanager
def _told(item: pytest.Item) -> Iterator[None]:
    """Skips the check, and remembers that this is no skip as any other."""
    try:
        yield
    except NotApplicableError as absent:
        item.stash[REASON] = str(absent)
        pytest.skip(str(absent))


def applies(item: pytest.Item) -> bool:
    """Whether a check was found to be about something that its subject has."""
    return REASON not in item.stash
