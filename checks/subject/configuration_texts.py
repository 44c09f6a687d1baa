"""What a service is configured with, as text: files that are mounted into it, Compose's `configs`, its build folder."""

from __future__ import annotations

import itertools
import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from stack.driver.project import Config

MOST_FILES = 200
LONGEST_FILE = 1 << 18  # bytes; what is longer is no configuration that a person wrote
CONFIGURATION = {".conf", ".cfg", ".yml", ".yaml", ".toml", ".template", ".tmpl", ".j2", ".json", ".vcl"}
WITHOUT_SUFFIX = ("Caddyfile",)
NOT_LOOKED_INTO = {".git", ".venv", "node_modules", "__pycache__"}
COMMENT = re.compile(r"(?:^|(?<=\s))#.*$", re.MULTILINE)


def texts_of(config: Config, service: str) -> Mapping[str, str]:
    """{where it is: text without comments} of every configuration file that a service is given."""
    spec = config["services"][service]
    files = itertools.islice(_files(config, spec), MOST_FILES)
    found = {str(path): text for path in files if (text := text_of(path))}
    found |= {f"config {name}": str(text) for name, text in _written_configs(config, spec)}
    return {where: COMMENT.sub("", text) for where, text in found.items()}


def settings_of(config: Config, service: str) -> Iterator[tuple[str, str]]:
    """(where it is, its text) of every file that the Compose file itself gives to a service; its build folder apart."""
    spec = {**config["services"][service], "build": None}
    for path in itertools.islice(_files(config, spec), MOST_FILES):
        yield path.name, text_of(path)
    yield from ((f"config {name}", text) for name, text in _written_configs(config, spec))


def text_of(path: Path) -> str:
    """A file's text; '' where it is none, too long or not to be read."""
    try:
        if not path.is_file() or path.stat().st_size > LONGEST_FILE:
            return ""
        return path.read_text("utf-8")
    except (OSError, UnicodeDecodeError):
        return ""


def dockerfile_of(build: Config) -> str:
    """The text of the Dockerfile that a resolved `build:` names, or holds."""
    if inline := build.get("dockerfile_inline"):
        return str(inline)
    if "context" not in build:
        return ""
    return text_of(Path(os.path.normpath(dockerfile_at(Path(build["context"]), build.get("dockerfile", "Dockerfile")))))


def dockerfile_at(context: Path, name: str) -> Path:
    """Where a Dockerfile lies: one of the usual name may be written small (buildx, handleLowercaseDockerfile)."""
    file = context / name
    small = file.with_name(file.name.lower())
    return small if file.name == "Dockerfile" and not file.exists() and small.is_file() else file


def _files(config: Config, spec: Config) -> Iterator[Path]:
    for mount in spec.get("volumes") or ():
        if mount.get("type") == "bind":
            yield from _below(Path(str(mount.get("source", ""))))
    for used in spec.get("configs") or ():
        if file := (config.get("configs") or {}).get(used.get("source"), {}).get("file"):
            yield Path(file)
    if context := (spec.get("build") or {}).get("context"):
        yield from _below(Path(context))


def _written_configs(config: Config, spec: Config) -> Iterator[tuple[str, str]]:
    """Compose's `configs` whose content stands in the Compose file."""
    for used in spec.get("configs") or ():
        if content := (config.get("configs") or {}).get(used.get("source"), {}).get("content"):
            yield str(used["source"]), str(content)


def _below(place: Path) -> Iterator[Path]:
    """The file itself, or what in a folder is named as configuration files are."""
    if not place.is_dir():
        yield place
        return
    for folder, folders, files in os.walk(place):
        folders[:] = sorted(set(folders) - NOT_LOOKED_INTO)
        yield from (Path(folder, name) for name in sorted(files) if _is_named_so(name))


def _is_named_so(name: str) -> bool:
    return Path(name).suffix in CONFIGURATION or name.startswith(WITHOUT_SUFFIX)
