"""A Compose project under test: where it stands, which service plays which role, what its profile tells."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any

from stack.driver.errors import SubjectError

COMPOSE_NAMES = ("compose.yaml", "compose.yml", "docker-compose.yaml", "docker-compose.yml")
PROFILE_NAME = "compliance.toml"
LEFT_OUT_ALWAYS = (".git", ".venv", "__pycache__")

Config = Mapping[str, Any]
"""What `docker compose config --format json` says: services, networks, volumes, resolved."""


class Role(StrEnum):
    API = "api"
    REDIS = "redis"
    PROMETHEUS = "prometheus"


class Reading(StrEnum):
    """What a health route is to say: whether the service can do its work, or only that it is there to be asked."""

    READINESS = "readiness"
    LIVENESS = "liveness"


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
    compose_file = _compose_file(path.resolve())
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


def find_roles(config: Config, named: Mapping[Role, str]) -> dict[Role, str]:
    """{role: service}, as named or else by looking; raises SubjectError where that is not exactly one service."""
    services = config["services"]
    for role, service in named.items():
        if service not in services:
            raise SubjectError(f"{PROFILE_NAME} names `{service}` as {role}, and there is no such service")
    found = dict(named)
    for role in Role:
        if role not in found:
            found[role] = _only(
                role, [name for name in services if name not in found.values() and _looks(role, services[name])]
            )
    return found


def published(service: Config) -> Iterator[int]:
    """The container ports that a service publishes on the host."""
    return (int(port["target"]) for port in service.get("ports", ()))


def _looks(role: Role, service: Config) -> bool:
    image = str(service.get("image", "")).rpartition("/")[2]
    command = " ".join([*(service.get("entrypoint") or ()), *(service.get("command") or ())])
    runs_redis = "redis" in image or "valkey" in image or "redis-server" in command
    runs_prometheus = "prometheus" in image
    match role:
        case Role.REDIS:
            return runs_redis
        case Role.PROMETHEUS:
            return runs_prometheus
        case Role.API:
            return not runs_redis and not runs_prometheus and any(published(service))


def _only(role: Role, candidates: list[str]) -> str:
    if len(candidates) == 1:
        return candidates[0]
    seen = (
        f"{len(candidates)} services look like it ({', '.join(candidates)})"
        if candidates
        else "no service looks like it"
    )
    raise SubjectError(
        f"which service is the {role}? {seen}", hint=f'name it in {PROFILE_NAME}: [roles] {role} = "..."'
    )


def _compose_file(path: Path) -> Path:
    if path.is_file():
        return path
    for name in COMPOSE_NAMES:
        if (path / name).is_file():
            return path / name
    seen = "there is no such directory" if not path.exists() else f"it holds none of {', '.join(COMPOSE_NAMES)}"
    raise SubjectError(f"{path} is no Compose project: {seen}", hint="--stack takes a directory or a Compose file")


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
