"""Everything of a project that is a secret, so that it can be hidden and searched for."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator

from stack.driver.project import Config

SECRET_WORD = re.compile(
    r".*(?:passw(?:or[dt]s?|d)|passphrases?|pass|secrets?|tokens?|credentials?|(?:api|private|access)keys?)"
)
SECRET_KEYS = {"api", "private", "access", "secret", "signing", "encryption"}
ABOUT_ONE = """
    algorithm algo alg audience class cost count dir directory disabled enabled encoder endpoint expiration expires
    expiry field file format generator hasher header host id issuer length level lifetime limit manager max min mode
    name parallelism path pattern policy prefix prompt provider regex required reset rotation rounds scope scopes
    seconds size store suffix timeout ttl type url uri user username validator validators version
"""  # as the last word of a name these say something about a secret: `PASSWORD_HASHER`, `TOKEN_SECONDS`
WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
NO_SECRET = re.compile(r"[/$].*|\d*|true|false|unknown", re.IGNORECASE)  # a path, a variable, a number or a switch


def is_named_secret(name: str, value: str) -> bool:
    """Whether a name says that its value is a secret, and the value can be one."""
    return names_a_secret(name) and not NO_SECRET.fullmatch(value)


def names_a_secret(name: str) -> bool:
    """Whether a word of the name means a secret, and its last word not something about one."""
    words = [word.lower() for word in WORD.findall(name)]
    keys = any(word in {"key", "keys"} and before in SECRET_KEYS for before, word in itertools.pairwise(words))
    return (keys or any(map(SECRET_WORD.fullmatch, words))) and words[-1] not in ABOUT_ONE.split()


def named_secret(spec: Config) -> Iterator[tuple[str, str]]:
    """(name, value) of what an environment or a command calls a password, a secret or a token."""
    for name, value in (spec.get("environment") or {}).items():
        if value and is_named_secret(name, str(value)):
            yield name, str(value)
    words = [*(spec.get("entrypoint") or ()), *(spec.get("command") or ())]
    for option, value in itertools.pairwise(str(word) for word in words):
        if option.startswith("-") and is_named_secret(option, value):
            yield option, value
