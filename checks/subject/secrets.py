"""Everything of a project that is a secret, so that it can be hidden and searched for."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator

from stack.driver.project import Config

SECRET_NAME = re.compile(r"passw|pass$|secret|token|credential|(?:api|private|access)_?key", re.IGNORECASE)
NO_SECRET = re.compile(r"[/$].*|\d*|true|false|unknown", re.IGNORECASE)  # a path, a variable, a number or a switch


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
