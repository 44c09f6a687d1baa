"""The subject and its profile, `compliance.toml`: what cannot be seen from outside."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from pydantic import ValidationError

from checks.core.requirement import Reading
from checks.core.runner import COMPOSE
from checks.core.waiver import Waiver
from checks.subject import profile_errors
from checks.subject.compose_files import PROFILE_NAME, found_at
from checks.subject.dangers import Danger
from checks.subject.profile_model import PROFILE, Profile, RolesTold
from checks.subject.profile_model import Build as Build  # others know these three from here
from checks.subject.profile_model import Credential as Credential
from checks.subject.profile_model import Routes as Routes
from checks.subject.reach import reached, root_of
from checks.subject.role_tables import Role, every_role
from checks.subject.trust import EVERYTHING, NOTHING, Trust
from stack import SHIPPED
from stack.driver.errors import SubjectError
from stack.driver.labels import Labels
from stack.driver.menu import task
from stack.driver.project import ComposeProject, merged_with

LEFT_OUT_ALWAYS = (".git", ".venv", "__pycache__")
HINT = (
    "every key that it may have stands in checks/subject/compliance.schema.json; "
    f"{task('init --stack DIR')} writes one to begin with"
)


@dataclass(frozen=True, kw_only=True)
class Subject:
    """A Compose project and its profile; reading one touches no engine.

    `absent` is {role: why nobody plays it}, `start_seconds` how long a start may take. `rendered` says that what goes
    to Swarm is made from it (`invoke render --swarm`), and not its Compose file as it is; `runner` by whom it is run.
    """

    compose_file: Path
    more_files: tuple[Path, ...] | None = None  # None for what Compose merges by itself
    started_in: Path | None = None  # where that is not the folder of the Compose file
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
    rendered: bool = False
    runner: str = COMPOSE

    @property
    def directory(self) -> Path:
        return self.compose_file.parent

    @property
    def files(self) -> tuple[Path, ...]:
        """Its Compose files, in the order in which they are merged."""
        more = merged_with(self.compose_file) if self.more_files is None else self.more_files
        return (self.compose_file, *more)

    @property
    def reached(self) -> list[Path]:
        """What it needs that lies above its directory."""
        return reached(self.files, self.started_in or self.directory)

    @property
    def root(self) -> Path:
        """The folder that holds it and what it reaches."""
        return root_of(self.directory, self.reached)

    def project_in(
        self, directory: Path, name: str, labels: Labels | None = None, *, aside: Path | None = None
    ) -> ComposeProject:
        """Its Compose project, where it stands or in a copy of its directory."""
        more = None if self.more_files is None else [os.path.relpath(file, self.directory) for file in self.more_files]
        started_in = os.path.relpath(self.started_in or self.directory, self.directory)
        project = ComposeProject(
            directory, self.compose_file.name, name, labels, aside=aside, more=more, started_in=started_in
        )
        project.of_strangers = not self.trust.allows(Danger.ENVIRONMENT)
        project.kept_in = not self.trust.allows(Danger.ROUTE_OUT)
        return project


def read(path: Path, trust: Trust = NOTHING) -> Subject:
    """The subject at `path`, a directory or a Compose file; raises SubjectError for one that cannot be used.

    The stack that ships is trusted without a word, and rendered for Swarm.
    """
    found = _read(path)
    ships = found.directory.resolve() == SHIPPED.resolve()
    return replace(found, trust=EVERYTHING if ships else trust, rendered=ships)


def _read(path: Path) -> Subject:
    named = found_at(path.resolve() if path.is_dir() else path)
    found = Subject(compose_file=named.first, more_files=named.more, started_in=named.folder)
    file = found.directory / PROFILE_NAME
    if not file.is_file():
        return found
    try:
        text = file.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as problem:
        raise _unusable(file, [str(problem)]) from problem
    return _subject(found, _validated(file, text), file, text)


def _validated(file: Path, text: str) -> Profile:
    try:
        return PROFILE.validate_python(tomllib.loads(text))
    except tomllib.TOMLDecodeError as problem:
        raise _unusable(file, [profile_errors.of_toml(text, problem)]) from problem
    except ValidationError as problem:
        raise _unusable(file, profile_errors.sentences(text, problem)) from problem


def _subject(found: Subject, told: Profile, file: Path, text: str) -> Subject:
    if wrong := _without_reason(told.roles, text):
        raise _unusable(file, wrong)
    return replace(
        found,
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
