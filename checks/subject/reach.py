"""What a project needs that lies above its Compose file, so that a copy is complete: `build: ..`, `../redis.conf`."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from checks.subject.env_file import filled_in, variables_of
from stack.driver.environment import for_strangers

MOST_FILES = 100  # that Compose files include and extend
FILE_BYTES = 4 << 20
SHALLOW = 2  # a folder of that many parts, such as /srv or /tmp, is not copied for a project below it
HERE = ("./", "../", "~")


@dataclass(kw_only=True)
class _Reader:
    """Follows Compose files through what they include and extend."""

    variables: Mapping[str, str]
    limit: Path
    found: dict[Path, None] = field(default_factory=dict)
    read: set[Path] = field(default_factory=set)
    by_compose: dict[Path, None] = field(default_factory=dict)  # what it reads by itself, on this machine

    def take(self, file: Path, folder: Path) -> None:
        """Note what a Compose file names, relative to `folder`."""
        self._keep(file)
        if file in self.read or len(self.read) == MOST_FILES:
            return
        self.read.add(file)
        self.by_compose[file] = None
        told = loaded(file)
        for text in _variables(told.get("services")):
            self.note_read(text, folder)
        for text in (*_of_services(told.get("services")), *_of_files(told)):
            self.note(text, folder)
        for service in _mappings(told.get("services")):
            extended = service.get("extends")
            if isinstance(extended, dict) and (other := self._path(extended.get("file"), folder)):
                self.take(other, other.parent)
        for included in _listed(told.get("include")):
            self._include(included, folder)

    def _include(self, told: object, folder: Path) -> None:
        """Several files count as one, beside the first of them; each may have a folder and variables of its own."""
        spec: Mapping[str, Any] = told if isinstance(told, dict) else {"path": told}
        paths = [path for one in _listed(spec.get("path")) if (path := self._path(one, folder))]
        own = self._path(spec.get("project_directory"), folder) or (paths[0].parent if paths else folder)
        for path in paths:
            self.take(path, own)
        for one in (*_listed(spec.get("env_file")), own / ".env"):
            self.note_read(one, folder)

    def note_read(self, text: object, folder: Path) -> None:
        if path := self._path(text, folder):
            self.by_compose[path] = None
            self._keep(path)

    def note(self, text: object, folder: Path) -> None:
        if path := self._path(text, folder):
            self._keep(path)

    def _keep(self, path: Path) -> None:
        """Note a path that is there, and where links on the way to it lead."""
        self.found.update(dict.fromkeys((path, *_hops(path, self.limit))))

    def _path(self, text: object, folder: Path) -> Path | None:
        """A path as Compose takes it: variables filled in, from the folder; None for one that is not there."""
        told = filled_in(str(text or ""), self.variables)
        if not told or "://" in told:
            return None
        path = Path(os.path.normpath(folder / os.path.expanduser(told)))  # noqa: PTH111 - not a path yet
        return path if path.exists() else None


def reached(files: tuple[Path, ...], folder: Path) -> list[Path]:
    """Everything outside of the first file's folder that Compose files name by a path, no farther up than its root.

    `folder` is the one that Compose is run in.
    """
    directory = files[0].parent
    limit = _limit(directory)
    above = [path for path in named(files, folder) if path.exists() and not path.is_relative_to(directory)]
    return [path for path in above if limit and path.is_relative_to(limit)]


def named(files: tuple[Path, ...], folder: Path) -> list[Path]:
    """Everything that Compose files name by a path, and where links on the way lead."""
    return list(_followed(files, folder).found)


def read_by_compose(files: tuple[Path, ...], folder: Path) -> list[Path]:
    """What Compose itself reads to resolve them: files that are included and extended, variables, labels."""
    return list(_followed(files, folder).by_compose)


def _followed(files: tuple[Path, ...], folder: Path) -> _Reader:
    directory = files[0].parent
    own = {**for_strangers(os.environ), **variables_of(directory), **variables_of(folder), "PWD": str(folder)}
    reader = _Reader(variables=own, limit=_limit(directory) or directory)
    for file in files:
        reader.take(file, directory)
    for beside in (directory, folder):
        reader.note_read(".env", beside)
    return reader


def root_of(directory: Path, above: list[Path]) -> Path:
    """The folder that holds a project and what it reaches."""
    return Path(os.path.commonpath([directory, *above]))


def loaded(file: Path) -> Mapping[str, Any]:
    """A Compose file as YAML has it, Compose's own tags taken for nothing; empty where it is none."""

    class Loader(yaml.SafeLoader):
        """Takes `!reset` and `!override` for nothing."""

    Loader.add_multi_constructor("!", lambda *_: None)
    if not file.is_file() or file.stat().st_size > FILE_BYTES:
        return {}
    try:
        told = yaml.load(file.read_text(errors="replace"), Loader)  # noqa: S506 - a SafeLoader
    except yaml.YAMLError:  # Compose says what is wrong with it, to whoever asks it to resolve the project
        return {}
    return told if isinstance(told, dict) else {}


def _limit(directory: Path) -> Path | None:
    """How far up a project reaches at most: to the root of its git repository, else to the folder above its own."""
    for folder in (directory, *directory.parents):
        if (folder / ".git").exists():
            return folder
    for folder in (directory.parent.parent, directory.parent):
        if len(folder.parts) > SHALLOW and folder != Path.home():
            return folder
    return None


def _hops(path: Path, limit: Path) -> Iterator[Path]:
    """Where links below `limit` on the way to a path lead, one after another; the path is there, so they end."""
    for part in (*reversed(path.parents), path):
        if part.is_symlink() and part.is_relative_to(limit):
            target = Path(os.path.normpath(part.parent / part.readlink()))
            yield target
            yield from _hops(target / path.relative_to(part), limit)
            return


def _variables(services: object) -> Iterator[object]:
    for spec in _mappings(services):
        for one in (*_listed(spec.get("env_file")), *_listed(spec.get("label_file"))):
            yield one.get("path") if isinstance(one, dict) else one


def _of_services(services: object) -> Iterator[object]:
    for spec in _mappings(services):
        if spec.get("build"):
            yield from _of_build(spec["build"])
        for mount in _listed(spec.get("volumes")):
            if isinstance(mount, dict):
                yield mount.get("source") if mount.get("type", "bind") == "bind" else None
            else:
                source = str(mount).partition(":")[0] if not str(mount).startswith("${") else _source(str(mount))
                yield source if source.startswith((*HERE, "$")) or source in {".", ".."} else None


def _source(mount: str) -> str:
    """What stands before the colon that is not inside of a variable's braces."""
    behind = mount.partition("}")[2]
    return mount.removesuffix(behind) + behind.partition(":")[0]


def _of_build(build: object) -> Iterator[object]:
    spec: Mapping[str, Any] = build if isinstance(build, dict) else {"context": build}
    context = str(spec.get("context") or ".")
    yield context
    file = os.path.join(context, str(spec.get("dockerfile") or "Dockerfile"))  # noqa: PTH118 - not a path yet
    yield from (file, f"{file}.dockerignore")
    contexts = spec.get("additional_contexts")
    named = contexts.values() if isinstance(contexts, dict) else [str(one).partition("=")[2] for one in contexts or ()]
    yield from named


def _of_files(told: Mapping[str, Any]) -> Iterator[object]:
    """Files that stand for secrets and for settings."""
    for kind in ("secrets", "configs"):
        for spec in _mappings(told.get(kind)):
            yield spec.get("file")


def _mappings(told: object) -> list[Mapping[str, Any]]:
    return [one for one in told.values() if isinstance(one, dict)] if isinstance(told, dict) else []


def _listed(value: object) -> list[Any]:
    return value if isinstance(value, list) else [value] if value else []
