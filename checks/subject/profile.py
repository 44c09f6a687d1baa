"""The subject and its profile, `compliance.toml`: what cannot be seen from outside."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from pydantic import ValidationError

from checks.core.requirement import Reading
from checks.core.waiver import Waiver
from checks.subject import profile_errors
from checks.subject.compose_files import PROFILE_NAME, found_at
from checks.subject.profile_model import PROFILE, Profile, RolesTold
from checks.subject.profile_model import Build as Build  # others know these three from here
from checks.subject.profile_model import Credential as Credential
from checks.subject.profile_model import Routes as Routes
from checks.subject.role_tables import Role, every_role
from checks.subject.trust import EVERYTHING, NOTHING, Trust
from stack import SHIPPED
from stack.driver.errors import SubjectError

LEFT_OUT_ALWAYS = (".git", ".venv", "__pycache__")
HINT = (
    "every key that it may have stands in checks/subject/compliance.schema.json; `invoke init` writes one to begin with"
)


@dataclass(frozen=True, kw_only=True)
class Subject:
    """A Compose project and its profile; reading one touches no engine.

    `absent` is {role: why nobody plays it}, `start_seconds` how long a start may take.
    """

    compose_file: Path
    prepare: tuple[str, ...] = ()
    leave_out: tuple[str, ...] = ()
    roles: Mapping[Role, str] = field(default_factory=dict)
    absent: Mapping[Role, str] = field(default_factory=dict)
    credentials: Mapping[str, Credential] = field(default_factory=dict)
    routes: Routes = field(default_factory=Routes)
    reading: Reading | None = None
    build: Build | None = None
    start_seconds: float | None = None
    waivers: tuple[Waiver, ...] = ()
    trust: Trust = NOTHING

    @property
    def directory(self) -> Path:
        return self.compose_file.parent


def read(path: Path, trust: Trust = NOTHING) -> Subject:
    """The subject at `path`, a directory or a Compose file; raises SubjectError for one that cannot be used.

    The stack that ships is trusted without a word.
    """
    found = _read(path)
    return replace(found, trust=EVERYTHING if found.directory == SHIPPED.resolve() else trust)


def _read(path: Path) -> Subject:
    compose_file = found_at(path.resolve())
    file = compose_file.with_name(PROFILE_NAME)
    if not file.is_file():
        return Subject(compose_file=compose_file)
    try:
        text = file.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as problem:
        raise _unusable(file, [str(problem)]) from problem
    return _subject(compose_file, _validated(file, text), file, text)


def _validated(file: Path, text: str) -> Profile:
    try:
        return PROFILE.validate_python(tomllib.loads(text))
    except tomllib.TOMLDecodeError as problem:
        raise _unusable(file, [profile_errors.of_toml(text, problem)]) from problem
    except ValidationError as problem:
        raise _unusable(file, profile_errors.sentences(text, problem)) from problem


def _subject(compose_file: Path, told: Profile, file: Path, text: str) -> Subject:
    if wrong := _without_reason(told.roles, text):
        raise _unusable(file, wrong)
    return Subject(
        compose_file=compose_file,
        prepare=told.prepare,
        leave_out=told.leave_out,
        roles={role: service for role in every_role() if isinstance(service := getattr(told.roles, role), str)},
        absent={role: told.roles.reasons[role] for role in _left_out(told.roles)},
        credentials=told.credentials,
        routes=told.routes,
        reading=told.healthcheck.reading,
        build=told.build,
        start_seconds=told.start.seconds,
        waivers=tuple(
            Waiver(rule=rule, reason=one.reason, until=one.until.isoformat()) for rule, one in told.waivers.items()
        ),
    )


def _left_out(roles: RolesTold) -> set[Role]:
    return {role for role in every_role() if getattr(roles, role) is False}


def _without_reason(roles: RolesTold, text: str) -> list[str]:
    """A role may be left out, and not in silence; and a reason is for a role that is left out."""
    left_out = _left_out(roles)
    found = [
        (
            profile_errors.line_of(text, ("roles", role)),
            f"`roles.{role} = false` needs `reasons.{role}`, which says why",
        )
        for role in left_out - {*roles.reasons}
    ]
    found += [
        (
            profile_errors.line_of(text, ("roles", "reasons", role)),
            f"`roles.reasons.{role}` is for a role that is `false`",
        )
        for role in {*roles.reasons} - left_out
    ]
    return [f"line {line}: {words}" for line, words in sorted(found)]


def _unusable(file: Path, wrong: list[str]) -> SubjectError:
    first, *others = wrong
    return SubjectError(f"{file} cannot be used: {first}", details=tuple(others), hint=HINT)
