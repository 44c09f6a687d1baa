"""The mutations of the shipped service find what they replace in its source, and leave something that compiles."""

from pathlib import Path

import pytest

from checks.requirements.r5_app_credentials import mutations
from checks.subject.stack import Mutation
from checks.subject.tests.resolved import source_with


@pytest.mark.parametrize(
    ("mutation", "module"),
    [
        (mutations.other_way_in, "client.py"),
        (mutations.printed_at_the_end, "app.py"),
        (mutations.shown_with_an_error, "problem.py"),
        (mutations.silent, "store.py"),
        (mutations.password_logged, "store.py"),
        (mutations.reads_as_another_user, "store.py"),
    ],
)
def test_a_mutation_of_the_service_applies(
    mutation: Mutation, module: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert source_with(mutation, module, tmp_path, monkeypatch)
