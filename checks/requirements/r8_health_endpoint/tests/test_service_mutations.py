"""The mutations of the shipped service find what they replace in its source, and leave something that compiles."""

from pathlib import Path

import pytest

from checks.requirements.r8_health_endpoint import mutations
from checks.subject.stack import Mutation
from checks.subject.tests.resolved import source_with


@pytest.mark.parametrize(
    ("mutation", "module"),
    [
        (mutations.well_for_probes_and_checks_alone, "app.py"),
        (mutations.more_than_asked, "app.py"),
        (mutations.failure_as_not_found, "app.py"),
        (mutations.redis_not_asked, "app.py"),
        (mutations.failure_dressed_as_200, "app.py"),
        (mutations.no_deadline, "store.py"),
        (mutations.busy_is_a_failure, "__main__.py"),
        (mutations.counted, "app.py"),
    ],
)
def test_a_mutation_of_the_service_applies(
    mutation: Mutation, module: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert source_with(mutation, module, tmp_path, monkeypatch)
