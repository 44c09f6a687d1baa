"""Whose healing the cases of R9 are about."""

from pathlib import Path

import pytest

from checks.requirements.r9_self_healing.observe.healing import CASES, services_of
from checks.subject.profile import Subject
from checks.subject.roles import Role
from checks.subject.tests.resolved import resolved

ROLES = {Role.API: "web", Role.REDIS: "store", Role.PROMETHEUS: "metrics"}


@pytest.mark.parametrize("others", [(), ("healer",), ("healer", "proxy")])
def test_the_cases_leave_no_service_out_and_none_is_empty(others: tuple[str, ...], tmp_path: Path) -> None:
    stack = resolved(
        Subject(compose_file=tmp_path / "compose.yaml", roles=ROLES),
        tmp_path,
        {"services": {name: {} for name in (*ROLES.values(), *others)}},
    )
    dealt = [services_of(stack, case) for case in CASES]
    assert sorted(name for services in dealt for name in services) == sorted(stack.project.services)
    assert all(dealt)
