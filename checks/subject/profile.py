"""The subject and its profile, `compliance.toml`: what cannot be seen from outside."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from checks.core.requirement import Reading
from checks.subject.compose_files import PROFILE_NAME, found_at
from checks.subject.roles import Role
from stack.driver.errors import SubjectError

LEFT_OUT_ALWAYS = (".git", ".venv", "__pycache__")


@dataclass(frozen=True, kw_only=True)
class Credential:
    """A Redis login: the user, the file its password is in (relative to the subject), the prefix of its keys."""

    user: str
    password_file: str
    keys: str = ""


@dataclass(frozen=True, kw_only=True)
class Routes:
    """Paths of the service under test, by what they do."""

    set: str = "/set"
    get: str = "/get/"
    metrics: str = "/prom-metrics"
    health: str = "/healthcheck"


@dataclass(frozen=True, kw_only=True)
class Build:
    """What the service's image is built from: a folder (relative to the Compose file) and the Dockerfile in it."""

    context: str
    dockerfile: str = "Dockerfile"
    target: str = ""


@dataclass(frozen=True, kw_only=True)
class Subject:
    """A Compose project and its profile; reading one touches no engine."""

    compose_file: Path
    prepare: tuple[str, ...] = ()
    leave_out: tuple[str, ...] = ()
    roles: Mapping[Role, str] = field(default_factory=dict)
    credentials: Mapping[str, Credential] = field(default_factory=dict)
    routes: Routes = field(default_factory=Routes)
    reading: Reading | None = None
    build: Build | None = None

    @property
    def directory(self) -> Path:
        return self.compose_file.parent


def read(path: Path) -> Subject:
    """The subject at `path`, a directory or a Compose file; raises SubjectError for one that cannot be used."""
    compose_file = found_at(path.resolve())
    profile = compose_file.with_name(PROFILE_NAME)
    if not profile.is_file():
        return Subject(compose_file=compose_file)
    try:
        told = tomllib.loads(profile.read_text())
        return _with_profile(compose_file, told)
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, TypeError, ValueError, AttributeError) as problem:
        raise SubjectError(
            f"{profile} cannot be used: {problem}", hint="the README lists every key it may have"
        ) from problem


def _with_profile(compose_file: Path, told: Mapping[str, Any]) -> Subject:
    known = {"prepare", "leave_out", "roles", "credentials", "routes", "healthcheck", "build"}
    if unknown := set(told) - known:
        raise ValueError(f"unknown key `{min(unknown)}`")
    return Subject(
        compose_file=compose_file,
        prepare=_texts("prepare", told.get("prepare", [])),
        leave_out=_texts("leave_out", told.get("leave_out", [])),
        roles={Role(role): service for role, service in _table("roles", told.get("roles", {})).items()},
        credentials={name: Credential(**_table(name, login)) for name, login in told.get("credentials", {}).items()},
        routes=Routes(**_table("routes", told.get("routes", {}))),
        reading=_reading(**_table("healthcheck", told.get("healthcheck", {}))),
        build=Build(**_table("build", told["build"])) if "build" in told else None,
    )


def _reading(reading: str | None = None) -> Reading | None:
    return None if reading is None else Reading(reading)


def _texts(name: str, value: object) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        raise ValueError(f"`{name}` is to be a list of strings")
    return tuple(value)


def _table(name: str, value: object) -> dict[str, str]:
    if not isinstance(value, dict) or not all(isinstance(one, str) for one in value.values()):
        raise ValueError(f"`{name}` is to be a table of strings")
    return value
