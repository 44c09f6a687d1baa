"""Passwords that anybody would try first, known by their SHA-256: all that Redis keeps of them."""

import hashlib
import tomllib
from collections.abc import Iterable
from functools import cache
from pathlib import Path

TABLE = Path(__file__).with_suffix(".toml")


@cache
def words() -> tuple[str, ...]:
    """The short list that is tried: where it comes from stands in the table."""
    told = tomllib.loads(TABLE.read_text("utf-8"))
    return (*told["common"], *told["examples"])


def guessed(user: str, rules: Iterable[str]) -> str:
    """What is wrong with a password that these words give a user: '' where none of them can be guessed."""
    digests = _digests(rules)
    if _digest("") in digests:
        return "empty"
    if {_digest(one) for one in {user, user.lower(), user.upper(), user.capitalize()}} & digests:
        return "the user's own name"
    return "a well-known one" if _well_known() & digests else ""


@cache
def _well_known() -> frozenset[str]:
    return frozenset(map(_digest, words()))


def _digests(rules: Iterable[str]) -> set[str]:
    """The passwords that are left when the words were followed in order; those of selectors are none."""
    found: set[str] = set()
    for rule in rules:
        match rule[:1]:
            case "#":
                found.add(rule[1:].lower())
            case ">":
                found.add(_digest(rule[1:]))
            case "!":
                found.discard(rule[1:].lower())
            case "<":
                found.discard(_digest(rule[1:]))
        if rule.lower() in {"nopass", "resetpass", "reset"}:
            found.clear()
    return found


def _digest(password: str) -> str:
    return hashlib.sha256(password.encode()).hexdigest()
