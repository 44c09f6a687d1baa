"""Real health checks, and what each of them can see; every answer was found by running it."""

from pathlib import Path

from checks.core.tests.cases import Case, accepted, parametrized
from checks.requirements.r7_healthchecks.probe_command import blindness
from checks.requirements.r7_healthchecks.probe_passwords import without_passwords

CASES = Path(__file__).parent / "cases"


@parametrized(CASES, "can-fail")
def test_a_health_check_is_told_by_what_it_can_see(case: Case) -> None:
    given = case["input"]
    told = blindness(given if isinstance(given, list) else ["CMD-SHELL", given])
    assert (told.how if told else "can-fail") in accepted(case)


@parametrized(CASES, "probe-redacted")
def test_a_password_is_hidden_and_nothing_else(case: Case) -> None:
    given = case["input"]
    test = given if isinstance(given, list) else ["CMD-SHELL", given]
    told = " ".join(without_passwords(test, {}))
    assert case["secret"] not in told if case["secret"] else told == " ".join(test)
    assert not [word for word in case["ordinary"] if word not in told]
    assert case["right"] == ("hidden" if case["secret"] else "left as it is")
