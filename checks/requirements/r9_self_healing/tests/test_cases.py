"""Whose healing the cases of R9 are about."""

from types import SimpleNamespace
from typing import cast

import pytest

from checks.requirements.r9_self_healing.observe.healing import CASES, services_of
from checks.subject.roles import Role
from checks.subject.stack import Stack

ROLES = {Role.API: "web", Role.REDIS: "store", Role.PROMETHEUS: "metrics"}


@pytest.mark.parametrize("others", [(), ("healer",), ("healer", "proxy")])
def test_the_cases_leave_no_service_out_and_none_of_them_is_empty(others: tuple[str, ...]) -> None:
    stack = cast(Stack, SimpleNamespace(roles=ROLES, services=(*ROLES.values(), *others)))
    dealt = [services_of(stack, case) for case in CASES]
    assert sorted(name for services in dealt for name in services) == sorted(stack.services)
    assert all(dealt)
