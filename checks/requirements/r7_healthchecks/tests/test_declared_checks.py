"""Whether files declare a health check for a service."""

import json
from pathlib import Path

from checks.core.tests.cases import Case, accepted, parametrized, text_of
from checks.subject.health_checks import declared_test

CASES = Path(__file__).with_name("cases")


@parametrized(CASES, "has-check")
def test_whether_a_service_has_a_health_check(case: Case) -> None:
    spec = json.loads(text_of(case, "config.json"))["services"][case["service"]]
    assert ("yes" if declared_test(spec) else "no") in accepted(case)
