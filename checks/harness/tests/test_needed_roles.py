"""A requirement that needs what is no role is told of before anything is tried."""

from dataclasses import replace

import pytest

from checks.core import catalog
from checks.core.catalog import Catalog, CatalogError
from checks.harness.plan import require_roles

KNOWN = catalog.read()


@pytest.mark.parametrize(
    ("need", "hint"), [("reddis", "did you mean `redis`?"), ("mailer", "there are api, prometheus, redis")]
)
def test_a_misspelt_role_is_told_in_a_sentence(need: str, hint: str) -> None:
    wrong = replace(KNOWN.requirements[0], needs=("api", need))
    with pytest.raises(CatalogError, match=f"`needs` names `{need}`, which is no role") as refused:
        require_roles(replace(KNOWN, requirements=(wrong,)))
    assert refused.value.hint == hint


def test_roles_that_are_there_are_fine() -> None:
    require_roles(KNOWN)
    require_roles(Catalog(requirements=(replace(KNOWN.requirements[0], needs=()),)))
