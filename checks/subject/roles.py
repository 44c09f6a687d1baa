"""Which service plays which role."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from enum import StrEnum

from checks.subject.compose_files import PROFILE_NAME
from stack.driver.errors import SubjectError
from stack.driver.project import Config


class Role(StrEnum):
    API = "api"
    REDIS = "redis"
    PROMETHEUS = "prometheus"


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


def candidates(config: Config, named: Mapping[Role, str], role: Role) -> list[str]:
    """The services that may have a role: the one that is named, else all that look like it."""
    services = config["services"]
    if role in named:
        return [named[role]] if named[role] in services else []
    return [name for name in services if name not in named.values() and _looks(role, services[name])]


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
