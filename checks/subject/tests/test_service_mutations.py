"""Sabotages of the service find what they replace in its source as it is now, and leave something that compiles."""

import ast
from pathlib import Path

import pytest

from checks.requirements.r3_durability import mutations as r3
from checks.requirements.r5_app_credentials import test_mutations as r5
from checks.requirements.r8_health_endpoint import test_mutations as r8
from checks.subject import mutation
from checks.subject.stack import Mutation, Stack
from checks.subject.tests.test_mutation import stack  # noqa: F401 - a fixture
from stack import SHIPPED

SERVICE = SHIPPED.parent / "service"


@pytest.mark.parametrize(
    ("sabotage", "module"),
    [
        (r3.acknowledged_before_it_is_stored, "store.py"),
        (r3.stored_later_until_it_works, "store.py"),
        (r3.tried_until_it_is_stored, "store.py"),
        (r3.stored_in_a_transaction, "store.py"),
        (r5.other_way_in, "client.py"),
        (r5.silent, "store.py"),
        (r5.password_logged, "store.py"),
        (r8.more_than_asked, "app.py"),
        (r8.failure_as_not_found, "app.py"),
        (r8.redis_not_asked, "app.py"),
        (r8.failure_dressed_as_200, "app.py"),
        (r8.no_deadline, "store.py"),
        (r8.busy_is_a_failure, "__main__.py"),
        (r8.counted, "app.py"),
    ],
)
def test_a_sabotage_of_the_service_applies(
    stack: Stack,  # noqa: F811 - the fixture
    monkeypatch: pytest.MonkeyPatch,
    sabotage: Mutation,
    module: str,
) -> None:
    monkeypatch.setattr(
        mutation, "file_in_image", lambda _stack, _service, path: (SERVICE / Path(path).name).read_text()
    )
    sabotage(stack)
    sabotaged = (stack.project.directory / module).read_text()
    assert sabotaged != (SERVICE / module).read_text()
    ast.parse(sabotaged)
