"""The app's own login to Redis, as its environment or a file that this names tells it: for who was given no other."""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from urllib.parse import unquote

from checks.subject.mounted import text_at
from checks.subject.roles import Found, Role
from checks.subject.stack import Files
from stack.driver.errors import SubjectError

ADDRESS = re.compile(r"(?:rediss?|valkeys?)://(?P<user>[^:@/\s]*):(?P<password>[^@/\s]+)@")
NAMED = r"(?:\w+_)?(?:REDIS|VALKEY|KEYDB)_"
USER = re.compile(rf"{NAMED}USER(?:NAME)?", re.IGNORECASE)
PASSWORD = re.compile(rf"{NAMED}(?:PASSWORD|PASS)", re.IGNORECASE)
FILE = re.compile(rf"{NAMED}(?:PASSWORD|PASS)_FILE", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True)
class Login:
    """A user, None where only a password is told, and where that stands."""

    user: str | None
    password: str = field(repr=False)
    where: str


def own_login(files: Files) -> Login | None:
    """What the app logs in with; None where its environment does not tell."""
    if not isinstance(api := files.roles.findings[Role.API], Found):
        return None
    told = {name: str(value) for name, value in (files.services[api.service].get("environment") or {}).items() if value}
    return _of_an_address(told, api.service) or _of_variables(files, told, api.service)


def _of_an_address(told: Mapping[str, str], service: str) -> Login | None:
    for name, value in told.items():
        if found := ADDRESS.search(value):
            user, password = unquote(found["user"]) or None, unquote(found["password"])
            return Login(user=user, password=password, where=f"{name} of {service}")
    return None


def _of_variables(files: Files, told: Mapping[str, str], service: str) -> Login | None:
    user = next((value for name, value in told.items() if USER.fullmatch(name)), None)
    for name, value in told.items():
        if PASSWORD.fullmatch(name):
            return Login(user=user, password=value, where=f"{name} of {service}")
        if FILE.fullmatch(name):
            with suppress(SubjectError):  # one in its image, or that is made at the start, is not to be seen from here
                return Login(user=user, password=text_at(files, service, value).strip(), where=f"{name} of {service}")
    return None
