"""Everything of a project that is a secret, so that it can be hidden and searched for."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from pathlib import Path

from checks.subject.credentials import Credentials, text_of
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


def secrets_of(config: Config, credentials: Credentials, *, if_there: bool = False) -> dict[str, str]:
    """{name: text} of every one-line secret: of the profile's logins, Compose's secret files, and what is named so.

    A login's password of several lines is as many secrets: anybody may show a line of it.

    Named so are environment values (`DB_PASSWORD`) and arguments (`--requirepass`), where no secret should stand.
    Raises SubjectError for a file that cannot be read, unless those are wanted that are there.
    """
    files = {name: credentials.file(name) for name in credentials.subject.credentials}
    declared = config.get("secrets") or {}
    files |= {name: Path(spec["file"]) for name, spec in declared.items() if "file" in spec}
    texts = {name: text_of(file).strip() for name, file in files.items() if file.is_file() or not if_there}
    for service, spec in config["services"].items():
        texts |= {f"{name} of {service}": value for name, value in named_secret(spec)}
    lines = {name: lines_of(texts.pop(name)) for name in credentials.subject.credentials if "\n" in texts.get(name, "")}
    texts = {name: text for name, text in texts.items() if text and "\n" not in text}
    return texts | {f"{name} (line {at})": line for name, of in lines.items() for at, line in enumerate(of, 1)}


def lines_of(secret: str) -> list[str]:
    """Its lines, those left out that say what it is (`-----BEGIN ...`)."""
    return [line.strip() for line in secret.splitlines() if line.strip() and not line.startswith("-----")]


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
