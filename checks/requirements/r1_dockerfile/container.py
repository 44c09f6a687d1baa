"""The service's container: as whom it runs, what it is told to run, and whether that is what the image holds."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import PurePosixPath
from typing import Any

from checks.requirements.r1_dockerfile import mounted_programs
from checks.requirements.r1_dockerfile.image_layers import Saved
from checks.requirements.r1_dockerfile.judge import Container
from checks.requirements.r1_dockerfile.mounted_programs import Mount, is_program
from checks.requirements.r1_dockerfile.shell_form import is_inline, is_shell_form, only_execs, start_of
from checks.requirements.r1_dockerfile.steered import OF_THE_LOADER, steered
from checks.subject.roles import Role
from checks.subject.stack import Files, Stack
from stack.driver import docker, helper
from stack.driver.project import Config

Layers = Callable[[str], Saved]
"""Reads an image layer by layer, by its reference."""
PLACED = ("user", "command", "entrypoint", "volumes")  # keys of the Compose file that a violation leads to
PULLED = re.compile(r"always|daily|weekly|every_.+")
"""Policies by which Compose asks a registry although it could build."""
MANY = 20  # what an observation lists at most of what should not be there
PASSING = ("/tmp/", "/var/tmp/", "/run/", "/root/.cache/")  # noqa: S108 - what is written there is no part of the program


def read_container(files: Files) -> Container:
    """As the Compose file says it."""
    service = files.roles[Role.API]
    spec = files.services[service]
    words = [tuple(map(str, spec.get(key) or ())) for key in ("entrypoint", "command")]
    return Container(
        asked="files",
        user=str(spec.get("user") or ""),
        users=(),
        told=_told(*words),
        mounted=(*_pulled(spec), *_brought(files, spec))[:MANY],
        changed=(),
        places={key: place for key in PLACED if (place := files.place("services", service, key))},
    )


def look_at_container(stack: Stack, layers: Layers) -> Container:
    """As Docker has it, with its processes, its mounts held against the image, and what was written over that."""
    service = stack.roles[Role.API]
    container = stack.runner.container(service).id
    inspected = json.loads(docker.ask("inspect", container))[0]
    config = inspected["Config"]
    return Container(
        asked="container",
        user=str(config.get("User") or ""),
        users=tuple(sorted(set(helper.users_of(stack.project.labels, container)))),
        told=_told(*(tuple(config.get(key) or ()) for key in ("Entrypoint", "Cmd"))),
        mounted=(*_over(inspected, layers), *_steered(inspected))[:MANY],
        changed=changed_in(docker.ask("diff", container))[:MANY],
    )


def changed_in(diff: str) -> tuple[str, ...]:
    """The programs that a container changed, added or removed, of what `docker diff` says; bytecode is none."""
    paths = [line[2:] for line in diff.splitlines() if line[:2] in {"A ", "C ", "D "}]
    return tuple(path for path in paths if _runs(path) and not path.startswith(PASSING))


def _runs(path: str) -> bool:
    """Whether a file could run, by its name or its folder's, or has others run."""
    return is_program(path) or PurePosixPath(path).parent.name in {"bin", "sbin"} or path in OF_THE_LOADER


def _told(entrypoint: tuple[str, ...], command: tuple[str, ...]) -> tuple[str, ...]:
    """The start of what stands between Docker and the service: a shell that does more than to make way, inline code."""
    for words in (entrypoint, command, entrypoint + command):
        if is_inline(words) or (is_shell_form(words) and not only_execs(words)):
            return start_of(words)
    return ()


def _mounts(config: Config, spec: Config) -> list[Mount]:
    """Every file or folder that the Compose file puts into a container."""
    found = [
        Mount(kind=one["type"], source=str(one.get("source") or ""), target=str(one["target"]))
        for one in spec.get("volumes") or ()
    ]
    found += [Mount(kind="tmpfs", source="", target=str(one).partition(":")[0]) for one in spec.get("tmpfs") or ()]
    for kind, folder in (("secrets", "/run/secrets/"), ("configs", "/")):
        for one in spec.get(kind) or ():
            name = str(one.get("target") or one["source"])
            told = (config.get(kind) or {}).get(one["source"]) or {}
            target = name if name.startswith("/") else folder + name
            found.append(
                Mount(kind=kind, source=str(told.get("file") or ""), target=target, text=str(told.get("content") or ""))
            )
    return found


def _brought(files: Files, spec: Config) -> tuple[str, ...]:
    """What is mounted, and what leads to it."""
    mounts = _mounts(files.project.config, spec)
    words = tuple(str(word) for key in ("entrypoint", "command") for word in spec.get(key) or ())
    leads = steered(words, str(spec.get("working_dir") or ""), spec.get("environment") or {}, mounts)
    return (*mounted_programs.brought_by(mounts, files.project.directory, spec), *leads)


def _pulled(spec: Config) -> tuple[str, ...]:
    """An image that Compose is told to take from a registry whenever it can, whatever its Dockerfile would give."""
    policy = str(spec.get("pull_policy") or "")
    taken = spec.get("build") and spec.get("image") and PULLED.fullmatch(policy)
    return (f"pull_policy: {policy}, not what is built",) if taken else ()


def _steered(inspected: dict[str, Any]) -> tuple[str, ...]:
    config = inspected["Config"]
    variables = dict(one.partition("=")[::2] for one in config.get("Env") or ())
    words = (*(config.get("Entrypoint") or ()), *(config.get("Cmd") or ()))
    return steered(words, str(config.get("WorkingDir") or ""), variables, _mounts_of(inspected))


def _over(inspected: dict[str, Any], layers: Layers) -> tuple[str, ...]:
    """The image is read only where something is mounted that could matter."""
    mounts = [one for one in _mounts_of(inspected) if not f"{one.target}/".startswith(PASSING)]
    return mounted_programs.laid_over(mounts, layers(inspected["Image"])) if mounts else ()


def _mounts_of(inspected: dict[str, Any]) -> list[Mount]:
    mounts = [
        Mount(kind=one["Type"], source=str(one.get("Source") or ""), target=one["Destination"])
        for one in inspected["Mounts"]
    ]
    tmpfs = inspected["HostConfig"].get("Tmpfs") or {}
    return [*mounts, *(Mount(kind="tmpfs", source="", target=target) for target in tmpfs)]
