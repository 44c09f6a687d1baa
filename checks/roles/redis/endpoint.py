"""Where the subject's Redis answers, a TCP port, one that speaks TLS, or a Unix socket, and how it is reached there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Literal

from checks.roles.redis.configuration import given, on_the_command_line, options_in
from checks.roles.redis.tunnel import CLIENT, SERVER, Dial, OnSocket, OverTls, Tunnel
from checks.subject.env_file import filled_in
from checks.subject.image_recipe import recipe_of
from checks.subject.roles import Role
from checks.subject.stack import Files, Stack
from stack.driver.errors import SubjectError
from stack.driver.project import Config

PORT = 6379
ENVIRONMENT = {  # settings that images take from their environment, by what follows REDIS_, VALKEY_ or KEYDB_
    "PORT_NUMBER": "port",
    "TLS_PORT_NUMBER": "tls-port",
}
FLAGS = ("REDIS_EXTRA_FLAGS", "VALKEY_EXTRA_FLAGS", "KEYDB_EXTRA_FLAGS")  # of Bitnami's images
STACK_FLAGS = "REDIS_ARGS"  # of Redis Stack's
WHERE = ("port", "tls-port", "unixsocket", "dir")
DATA = "/data"  # the folder that images start it in
_TUNNELS: dict[tuple[str, str], Tunnel] = {}  # by the name of a copy, which no other has, and the service
OFF = "0"  # a port of this number is none


@dataclass(frozen=True, kw_only=True)
class Endpoint:
    """`at` is a port, or the path of a socket in the container."""

    kind: Literal["tcp", "tls", "unix"]
    at: str

    def __str__(self) -> str:
        return f"{self.kind}:{self.at}"


def endpoint_of(files: Files) -> Endpoint:
    """Where it answers by its command line, its configuration and its environment: in the clear where it does."""
    told = _settings(files)
    if (port := told.get("port") or str(PORT)) != OFF:
        return Endpoint(kind="tcp", at=port)
    if (port := told.get("tls-port") or OFF) != OFF:
        return Endpoint(kind="tls", at=port)
    return Endpoint(kind="unix", at=str(PurePosixPath(told.get("dir", DATA), told.get("unixsocket", ""))))


def _settings(files: Files) -> Mapping[str, str]:
    """What it is told of where it answers, and with which certificate."""
    service = files.roles[Role.REDIS]
    spec = files.services[service]
    try:
        settings = given(files, service).settings
    except SubjectError:  # what is decided in its image is as Redis has it by itself
        settings = on_the_command_line(spec)
    told: Mapping[str, str] = {**_in_environment(spec), **settings}
    return {name: _value(told[name], spec) for name in (*WHERE, *CLIENT, *SERVER) if name in told}


def _value(told: str, spec: Config) -> str:
    """The value of a setting, a variable of the container's filled in; what else stands there is a shell's."""
    recipe = recipe_of(spec)
    variables = {**(recipe.environment if recipe else {}), **(spec.get("environment") or {})}
    return next(iter(filled_in(told.replace("$$", "$"), variables).split()), "")


def address_of(stack: Stack) -> str:
    """'127.0.0.1:N' that leads to it: through a tunnel of ours where it answers over TLS or on a socket alone.

    Raises SubjectError where the tunnel leads to nobody as it is made.
    """
    found, service = endpoint_of(stack), stack.roles[Role.REDIS]
    if found.kind == "tcp":
        return stack.runner.address(service, int(found.at))
    key = (stack.project.name, service)
    if key not in _TUNNELS:
        _TUNNELS[key] = Tunnel(_tried(_dial(stack, service, found), f"`{service}` at {found}"))
    return _TUNNELS[key].address


def _tried(dial: Dial, where: str) -> Dial:
    try:
        dial().close()
    except OSError as problem:
        raise SubjectError(f"{where} cannot be spoken to: {problem}") from problem
    return dial


def _dial(stack: Stack, service: str, found: Endpoint) -> Dial:
    if found.kind == "unix":
        return OnSocket(stack.runner, service, found.at)
    return OverTls(stack.runner, service, int(found.at), _settings(stack))


def _in_environment(spec: Config) -> dict[str, str]:
    """What images such as Bitnami's are told by their environment; with TLS on, the usual port is the one for it."""
    told = {name.partition("_")[2]: str(value) for name, value in (spec.get("environment") or {}).items()}
    found = {setting: told[name] for name, setting in ENVIRONMENT.items() if told.get(name, "").isdigit()}
    if told.get("TLS_ENABLED", "no") in {"yes", "true", "1"}:
        found = {"port": OFF, "tls-port": str(PORT), **found}
    flags = (*FLAGS, STACK_FLAGS) if "redis-stack" in str(spec.get("image")) else FLAGS
    more = " ".join(str((spec.get("environment") or {}).get(name) or "") for name in flags)
    return {**found, **options_in(more.split())}
