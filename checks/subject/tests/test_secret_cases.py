"""Realistic projects, variables and commands, and which secrets are in them; kept as data in `cases/`."""

import json
from pathlib import Path

from checks.core.redaction import SHORTEST_SECRET
from checks.core.tests.cases import Case, accepted, parametrized, text_of
from checks.subject import secret_places
from checks.subject.profile import Subject
from checks.subject.secret_names import is_named_secret
from checks.subject.tests.resolved import resolved

CASES = Path(__file__).with_name("cases")


def joined(found: set[str]) -> str:
    return ", ".join(sorted(found)) or "none"


@parametrized(CASES, "is-secret")
def test_whether_a_variable_holds_a_secret(case: Case) -> None:
    assert ("secret" if is_named_secret(case["name_"], case["value"]) else "ordinary") in accepted(case)


@parametrized(CASES, "named-secret")
def test_which_secrets_a_service_is_started_with(case: Case) -> None:
    assert joined({one.value for one in secret_places.in_spec(case["service"])}) in accepted(case)


@parametrized(CASES, "secret-values")
def test_which_values_of_a_project_are_hidden(case: Case) -> None:
    config = json.loads(text_of(case, "config.json").replace("@DIR@", str(case["folder"])))
    stack = resolved(Subject(compose_file=case["folder"] / "compose.yaml"), case["folder"], config)
    known = {value for value in stack.secrets().values() if len(value) >= SHORTEST_SECRET}
    assert joined(known) in accepted(case)
    hidden = secret_places.to_hide(config, case["folder"])
    assert not [word for word in case.get("ordinary", ()) if word in hidden]
