"""Everything of a project that is a secret, so that it can be hidden and searched for."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from pathlib import Path

from checks.subject.credentials import Credentials, text_of
from stack.driver.project import Config

SECRET_NAME = re.compile(r"passw|pass$|secret|token|credential|(?:api|private|access)_?key", re.IGNORECASE)
NO_SECRET = re.compile(r"[/$].*|\d*|true|false|unknown", re.IGNORECASE)  # a path, a variable, a number or a switch


def secrets_of(config: Config, credentials: Credentials, *, if_there: bool = False) -> dict[str, str]:
    """{name: text} of every one-line secret: of the profile's logins, Compose's secret files, and what is named so.

    Named so are environment values (`DB_PASSWORD`) and arguments (`--requirepass`), where no secret should stand.
    Raises SubjectError for a file that cannot be read, unless those are wanted that are there.
    """
    files = {name: credentials.file(name) for name in credentials.subject.credentials}
    declared = config.get("secrets") or {}
    files |= {name: Path(spec["file"]) for name, spec in declared.items() if "file" in spec}
    texts = {name: text_of(file).strip() for name, file in files.items() if file.is_file() or not if_there}
    for service, spec in config["services"].items():
        texts |= {f"{name} of {service}": value for name, value in named_secret(spec)}
    return {name: text for name, text in texts.items() if text and "\n" not in text}


def is_named_secret(name: str, value: str) -> bool:
    """Whether a name says that its value is a secret, and the value can be one."""
    elsewhere = name.lower().endswith(("_file", "_path"))
    return bool(SECRET_NAME.search(name)) and not elsewhere and not NO_SECRET.fullmatch(value)


def named_secret(spec: Config) -> Iterator[tuple[str, str]]:
    """(name, value) of what an environment or a command calls a password, a secret or a token."""
    for name, value in (spec.get("environment") or {}).items():
        if value and is_named_secret(name, str(value)):
            yield name, str(value)
    words = [*(spec.get("entrypoint") or ()), *(spec.get("command") or ())]
    for option, value in itertools.pairwise(str(word) for word in words):
        if option.startswith("-") and is_named_secret(option, value):
            yield option, value
