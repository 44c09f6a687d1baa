"""How far checks come that speak to Redis, told before a run: with the profile's logins, without any, or not at all."""

from __future__ import annotations

from collections.abc import Iterator

from checks.core.requirement import Requirement
from checks.roles.redis.configuration import lets_anybody_in
from checks.roles.redis.own_login import own_login
from checks.subject.compose_files import PROFILE_NAME
from checks.subject.roles import Found, Role
from checks.subject.stack import Files

AUDITOR = "auditor"  # the only one in whose place somebody else may come


def told(files: Files, requirement: Requirement) -> Iterator[str]:
    """What is to be said of the logins that a requirement's checks want."""
    found = files.roles.findings[Role.REDIS]
    if not requirement.logins or not isinstance(found, Found):
        return
    lacking = [name for name in requirement.logins if name not in files.subject.credentials]
    instead = _instead(files, found.service) if AUDITOR in lacking else ""
    if instead:
        yield f"looks into Redis {instead}: {PROFILE_NAME} has no [credentials.{AUDITOR}]"
    if others := [name for name in lacking if name != AUDITOR or not instead]:
        names = ", ".join(f"[credentials.{name}]" for name in others)
        yield f"undecided where it logs in as {', '.join(others)}: {PROFILE_NAME} has no {names}"


def _instead(files: Files, service: str) -> str:
    """As whom it looks where no login is told; '' where nobody is known whom Redis would take."""
    if lets_anybody_in(files, service):
        return "without a login, as its files let anybody"
    own = own_login(files)
    return f"with the app's own login ({own.where}), as far as that reaches" if own else ""
