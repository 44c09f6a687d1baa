"""What of a large project is read: what Compose names by a path, and what builds are sent. No copy has the rest."""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from checks.subject import dockerignore, reach
from checks.subject.configuration_texts import dockerfile_at
from checks.subject.dockerignore import Ignored
from checks.subject.left_out import is_left_out
from checks.subject.profile import LEFT_OUT_ALWAYS, Subject
from stack.driver.errors import StackError
from stack.driver.project import Config

MOST_FILES = 2_000  # a project that is no larger is copied whole
MOST_BYTES = 64 << 20
SMALL = 1 << 20  # bytes of a file beside the Compose file that is copied, whoever reads it


@dataclass(frozen=True, kw_only=True)
class Context:
    """A folder that is built from, and what its ignore file keeps out."""

    folder: Path
    ignored: Ignored

    def sends(self, path: Path, *, is_folder: bool) -> bool:
        """Whether a build may read a path: of a folder, whether anything below it may."""
        if not path.is_relative_to(self.folder):
            return self.folder.is_relative_to(path)
        inside = path.relative_to(self.folder).as_posix()
        return inside == "." or not self.ignored.ignores(inside) or (is_folder and self.ignored.has_exceptions)


@dataclass(frozen=True, kw_only=True)
class Read:
    """What a project's start reads. Nothing else of it is there in a copy."""

    home: Path
    named: tuple[Path, ...]
    contexts: tuple[Context, ...]

    def wants(self, path: Path) -> bool:
        is_folder = path.is_dir() and not path.is_symlink()
        if any(path.is_relative_to(one) or (is_folder and one.is_relative_to(path)) for one in self.named):
            return True
        if any(one.sends(path, is_folder=is_folder) for one in self.contexts):
            return True
        return path.parent == self.home and not is_folder and path.lstat().st_size < SMALL

    def may_be_linked(self, path: Path) -> bool:
        """Whether a file is there for builds alone: no container has it mounted, and none could write to it."""
        return not any(path.is_relative_to(one) for one in self.named)


def wanted(subject: Subject) -> Read | None:
    """What is read of a project; None where all of it is copied.

    So it is with a small one, one that is prepared by commands that may read anything, and one that does not resolve.
    """
    if subject.prepare or not _is_large(subject):
        return None
    try:
        config = subject.project_in(subject.directory, "").config
    except StackError:
        return None
    contexts = tuple(_contexts(config))
    folders = {one.folder for one in contexts}
    files = reach.named(subject.files, subject.started_in or subject.directory)
    named = [path for path in (*files, *_mounted(config), *_by_profile(subject)) if path not in folders]
    return Read(home=subject.directory, named=tuple(dict.fromkeys(named)), contexts=contexts)


def left_out(subject: Subject) -> Callable[[Path], bool]:
    """Whether a path is that of what no copy has."""
    patterns = (*LEFT_OUT_ALWAYS, *subject.leave_out)
    return lambda path: is_left_out(path, patterns)


def _is_large(subject: Subject) -> bool:
    files, size = 0, 0
    for path in (subject.directory, *subject.reached):
        for file in itertools.islice(_files_below(path, left_out(subject)), MOST_FILES + 1):
            files, size = files + 1, size + file.lstat().st_size
    return files > MOST_FILES or size > MOST_BYTES


def _files_below(folder: Path, is_out: Callable[[Path], bool]) -> Iterator[Path]:
    for found, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if not is_out(Path(found, name))]
        yield from (Path(found, name) for name in names if not is_out(Path(found, name)))


def _builds(config: Config) -> Iterator[tuple[Path, Path, Config]]:
    """(context, Dockerfile, all that is said of it) of what is built here."""
    for spec in config["services"].values():
        if build := spec.get("build"):
            context = Path(os.path.normpath(build.get("context") or ""))
            yield context, dockerfile_at(context, str(build.get("dockerfile") or "Dockerfile")), build


def _contexts(config: Config) -> Iterator[Context]:
    """Those that are folders of this machine."""
    for context, file, _ in _builds(config):
        if context.is_absolute():
            yield Context(folder=context, ignored=dockerignore.of_build(context, file))


def _mounted(config: Config) -> Iterator[Path]:
    """What containers see, and what builds are given beside their context."""
    for context, file, build in _builds(config):
        yield from (file, *dockerignore.files_of(context, file))
        yield from map(Path, (build.get("additional_contexts") or {}).values())
    for spec in config["services"].values():
        yield from (Path(str(mount.get("source"))) for mount in spec.get("volumes") or () if mount["type"] == "bind")
    for kind in ("secrets", "configs"):
        yield from (Path(one["file"]) for one in (config.get(kind) or {}).values() if (one or {}).get("file"))


def _by_profile(subject: Subject) -> Iterator[Path]:
    """What the profile names by a path."""
    yield from (subject.directory / one.password_file for one in subject.credentials.values())
    if subject.build:
        yield Path(os.path.normpath(subject.directory / subject.build.context))
