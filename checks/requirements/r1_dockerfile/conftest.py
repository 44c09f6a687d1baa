"""What only the checks of R1 look at: what an image is built from, and the image layer by layer."""

from collections.abc import Iterator
from functools import cache

import pytest

from checks.requirements.r1_dockerfile import image_layers
from checks.requirements.r1_dockerfile.build_context import Sources, copied
from checks.requirements.r1_dockerfile.container import Layers
from checks.requirements.r1_dockerfile.image_layers import Saved
from checks.subject.roles import Role
from checks.subject.stack import Stack


@pytest.fixture
def sources(ready: Stack) -> Iterator[Sources]:
    """A copy of what the image of the api is built from."""
    with copied(ready) as found:
        yield found


@pytest.fixture
def image(ready: Stack) -> Saved:
    """The image that the api is to run, whether it does or not, read layer by layer."""
    return _saved(ready.runner.provide_image(ready.roles[Role.API]).reference)


@pytest.fixture
def layers() -> Layers:
    """Reads an image layer by layer, once for a worker."""
    return _saved


@cache
def _saved(reference: str) -> Saved:
    return image_layers.saved(reference)
