"""What users could do, and whether their passwords are guessed: bad ones are told, right ones are not objected to."""

from dataclasses import replace
from pathlib import Path

import pytest

from checks.core.registry import objections
from checks.requirements.r4_redis_acl import declared, mutations
from checks.requirements.r4_redis_acl.judge.powers import DRYRUN, Power, Powers
from checks.requirements.r4_redis_acl.observe.powers import WORDS, words_on
from checks.roles.redis import well_known
from checks.roles.redis.mutations import digest
from checks.subject.mutation import nothing
from checks.subject.stack import Mutation, Stack
from checks.subject.tests.resolved import resolved, shipped_copy

PLAIN = f"resetkeys {mutations.PINGS}"
CONFIG = {
    "services": {
        "api": {"image": "api"},
        "redis": {
            "image": "redis",
            "command": ["redis-server", "--aclfile", "/run/secrets/redis-users.acl"],
            "secrets": [{"source": "redis-users.acl"}],
        },
    }
}


def with_users(folder: Path, mutation: Mutation) -> Stack:
    """The users of the shipped stack, changed by a mutation."""
    copy = shipped_copy(folder)
    mutation(copy)
    file = str(copy.project.directory / "secrets" / "redis-users.acl")
    return resolved(copy.subject, copy.project.directory, CONFIG | {"secrets": {"redis-users.acl": {"file": file}}})


def objected(stack: Stack) -> set[str]:
    given = (declared.list_given_users(stack), *declared.read_given_users(stack))
    return {rule for seen in given for rule in objections(seen)}


@pytest.mark.parametrize(
    ("mutation", "rule"),
    [
        (mutations.almighty_by_a_selector, "nobody-may-do-everything"),
        (mutations.almighty_by_categories, "nobody-may-do-everything"),
        (mutations.also("ops", mutations.UNGUESSED, "~* +@all -acl|setuser"), "settings-out-of-reach"),
        (mutations.user_who_sets_settings, "settings-out-of-reach"),
        (mutations.user_who_may_empty_it, "unnamed-users-limited"),
        (mutations.also("ops", mutations.UNGUESSED, "resetkeys -@all +ping (~* +flushall)"), "unnamed-users-limited"),
        (mutations.password_empty, "no-guessable-password"),
        (mutations.password_of_its_own_name, "no-guessable-password"),
        (mutations.password_well_known, "no-guessable-password"),
        (mutations.also("Ops", "ops", PLAIN), "no-guessable-password"),
        (mutations.also("ops", mutations.UNGUESSED, f">qwerty {PLAIN}"), "no-guessable-password"),
    ],
)
def test_a_bad_user_is_told_by_one_rule(mutation: Mutation, rule: str, tmp_path: Path) -> None:
    assert objected(with_users(tmp_path, mutation)) == {rule}


@pytest.mark.parametrize(
    "mutation",
    [
        nothing,
        mutations.exporter_beside_it,
        mutations.also("replica", mutations.UNGUESSED, "resetkeys -@all +psync +replconf +ping"),
        mutations.also("sentinel", mutations.UNGUESSED, "allchannels -@all +multi +slaveof +ping +exec +subscribe"
                       " +config|rewrite +role +publish +info +client|setname +client|kill +script|kill"),
        mutations.also("worker", mutations.UNGUESSED, "~job:* -@all +@read +@write -@dangerous (~tmp:* +get)"),
        mutations.also("ops", "ops", "off ~* +@all"),
        mutations.also("ops", "", f"resetpass {digest(mutations.UNGUESSED)} {PLAIN}"),
    ],
)  # fmt: skip
def test_a_right_user_is_not_objected_to(mutation: Mutation, tmp_path: Path) -> None:
    assert objected(with_users(tmp_path, mutation)) == set()


def test_a_profile_without_logins_leaves_nobody_out(tmp_path: Path) -> None:
    stack = with_users(tmp_path, mutations.user_who_may_empty_it)
    assert objected(replace(stack, subject=replace(stack.subject, credentials={}))) == set()


def test_the_list_of_passwords_is_short_and_has_no_word_twice() -> None:
    words = well_known.words()
    assert 100 < len(words) == len(set(words)) < 200
    assert {"foobared", "123456", "redis"} <= set(words)


def test_a_reader_is_told_whom_nobody_tried() -> None:
    users = (Power(user="default", named=False, may=()), Power(user="ops", named=False, may=()))
    assert list(words_on(Powers(told_by=DRYRUN, users=users))) == [
        "users of Redis that the profile does not name are judged by ACL DRYRUN, not tried: ops"
    ]
    assert len(list(words_on(Powers(told_by=WORDS, users=users)))) == 2
