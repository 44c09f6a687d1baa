"""What a project takes from outside of its own folder, such as `build: ..`: a copy takes it where the original does."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from stack.driver.project import ComposeProject, Config


def lead_to_the_original(copy: ComposeProject, original: ComposeProject) -> None:
    """Lay over a copy where the original builds from, and what it reads, outside of its folder.

    A relative path leads elsewhere from a copy. What a service could write to is not led anywhere, and refused later.
    """
    if any(True for _ in _outside(copy.config, copy.directory)):
        copy.override(json.dumps(_of(original.config, original.directory)) + "\n")


def _outside(config: Config, directory: Path) -> Iterator[str]:
    for spec in config["services"].values():
        yield from (path for path in _contexts(spec) if _is_outside(path, directory))
        yield from (str(one["source"]) for one in _read_only(spec) if _is_outside(str(one["source"]), directory))
    for kind in ("secrets", "configs"):
        yield from (path for path in _files(config, kind).values() if _is_outside(path, directory))


def _of(config: Config, directory: Path) -> dict[str, Any]:
    """The Compose file that says it: paths as the original has them, for what lies outside of its folder alone."""
    services = {name: _of_service(spec, directory) for name, spec in config["services"].items()}
    found: dict[str, Any] = {"services": {name: told for name, told in services.items() if told}}
    for kind in ("secrets", "configs"):
        files = {name: path for name, path in _files(config, kind).items() if _is_outside(path, directory)}
        found |= {kind: {name: {"file": path} for name, path in files.items()}} if files else {}
    return found


def _of_service(spec: Config, directory: Path) -> dict[str, Any]:
    build = spec.get("build") or {}
    told: dict[str, Any] = {}
    if _is_outside(context := str(build.get("context", "")), directory):
        told["context"] = context
    more = {name: str(path) for name, path in (build.get("additional_contexts") or {}).items()}
    if led := {name: path for name, path in more.items() if _is_outside(path, directory)}:
        told["additional_contexts"] = led
    mounts = [dict(one) for one in _read_only(spec) if _is_outside(str(one["source"]), directory)]
    return ({"build": told} if told else {}) | ({"volumes": mounts} if mounts else {})


def _contexts(spec: Config) -> Iterator[str]:
    build = spec.get("build") or {}
    yield str(build.get("context", ""))
    yield from map(str, (build.get("additional_contexts") or {}).values())


def _read_only(spec: Config) -> list[Config]:
    return [one for one in spec.get("volumes") or () if one.get("type") == "bind" and one.get("read_only")]


def _files(config: Config, kind: str) -> dict[str, str]:
    return {name: str(spec["file"]) for name, spec in (config.get(kind) or {}).items() if spec and spec.get("file")}


def _is_outside(path: str, directory: Path) -> bool:
    """Whether it is a path, as Compose resolves each, and not below the folder; a URL, an image or a socket is none."""
    return Path(path).is_absolute() and not Path(path).is_relative_to(directory) and not Path(path).is_socket()
