"""Users of Redis as ACL LIST and ACL files tell of them, and what each amounts to."""

from pathlib import Path

from checks.core.registry import objections
from checks.core.tests.cases import Case, accepted, parametrized
from checks.requirements.r4_redis_acl.judge.users import users_of
from checks.roles.redis.acl_text import has_plain_password

CASES = Path(__file__).parent / "cases"


@parametrized(CASES, "acl-list")
def test_users_are_judged_by_what_their_rules_come_to(case: Case) -> None:
    broken = objections(users_of(case["text"].splitlines()))
    assert (", ".join(sorted(broken)) or "ok") in accepted(case)


@parametrized(CASES, "acl-plaintext")
def test_a_plain_password_is_found_where_redis_would_read_one(case: Case) -> None:
    assert ("plain" if has_plain_password(case["text"]) else "not plain") in accepted(case)
