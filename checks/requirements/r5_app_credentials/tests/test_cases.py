"""Lines of logs as other apps write them: which tell of refused credentials."""

from pathlib import Path

from checks.core.tests.cases import Case, accepted, parametrized
from checks.requirements.r5_app_credentials.observe import says_why

CASES = Path(__file__).parent / "cases"


@parametrized(CASES, "says-why")
def test_a_line_says_why_where_it_names_credentials(case: Case) -> None:
    assert ("yes" if says_why(case["input"]) else "no") in accepted(case)
