"""The mutations of the shipped service find what they replace in its source, and leave something that compiles."""

from pathlib import Path

import pytest

from checks.requirements.r3_durability import mutations
from checks.subject.stack import Mutation
from checks.subject.tests.resolved import source_with


@pytest.mark.parametrize(
    ("mutation", "module"),
    [
        (mutations.acknowledged_before_it_is_stored, "store.py"),
        (mutations.stored_later_until_it_works, "store.py"),
        (mutations.tried_until_it_is_stored, "store.py"),
        (mutations.stored_in_a_transaction, "store.py"),
    ],
)
def test_a_mutation_of_the_service_applies(
    mutation: Mutation, module: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert source_with(mutation, module, tmp_path, monkeypatch)
