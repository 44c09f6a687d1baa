"""Each patch, applied by git, has its rule kept and breaks no other: of a few shapes; `nox -s subjects` tries all."""

import pytest

from checks.campaigns.subjects.remedied import complaints
from checks.subject.tests.compose import needs_compose

FEW = ("bind-mounted-data", "earlier")


@needs_compose
@pytest.mark.parametrize("name", FEW)
def test_patches_of_a_shape_mend_and_break_nothing(name: str) -> None:
    assert list(complaints(name)) == []
