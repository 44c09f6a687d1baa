"""What the judge of R4 says of whom it caught."""

import pytest

from checks.core.registry import judge
from checks.requirements.r4_redis_acl.judge import users as r4
from checks.requirements.r4_redis_acl.samples.users import NOPERM, REJECTED, attempts


def test_an_objection_says_who_was_let_in() -> None:
    let_in = r4.DefaultUser(without_login=attempts("+PONG"), by_password=REJECTED.by_password)
    assert [violation.seen for violation in judge(let_in)] == ["command-0: +PONG"]


def test_a_long_objection_says_how_many_there_are() -> None:
    let_in = r4.DefaultUser(without_login=attempts(*["+OK"] * 9), by_password=REJECTED.by_password)
    (violation,) = judge(let_in)
    assert str(violation.seen).endswith("command-4: +OK ... (9 in all)")


@pytest.mark.parametrize(
    ("answer", "is_refused"),
    [
        (NOPERM, True),
        ("-ERR MODULE command not allowed. If the enable-module-command option is set", True),
        ("-ERR unknown command", False),
        ("+NOPERM", False),
        ("", False),
    ],
)
def test_only_an_error_of_the_right_kind_is_a_refusal(answer: str, is_refused: bool) -> None:
    assert r4.refused(r4.Attempt(request="keys", answer=answer), "NOPERM") is is_refused
