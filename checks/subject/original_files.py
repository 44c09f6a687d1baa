"""The files of a copy, held against those of the original: what was prepared must not be other than what stands there.

Every file that was copied is compared. Of what a service has mounted, files that one of the two lacks count as well,
unless a fresh copy is to start without them: there data and secrets lie, which each has its own of.
"""

from __future__ import annotations

import fnmatch
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from checks.subject.stack import Files
from stack.driver.project import OVERRIDE_NAME

ENVIRONMENT = ".env"  # what comes of it is compared as settings
COMPARED_BYTES = 4 << 20  # of larger files, size and time are
MOST_FILES = 20_000
SETTINGS = (".conf", ".cfg", ".ini", ".toml", ".yml", ".yaml", ".json", ".acl", ".rules", ".env", ".sh", ".py", ".lua")


@dataclass(frozen=True, kw_only=True)
class FilesCompared:
    """How many files of the copy were compared with their originals, and what is not the same, by their paths."""

    number: int
    changed: tuple[str, ...]
    only_there: tuple[str, ...]
    only_here: tuple[str, ...]


def compared_files(original: Path, copy: Files) -> FilesCompared:
    """Hold each file of a copy against the one that lies in its place in the original."""
    here = _copied(copy)
    pairs = [(original / path, copy.project.directory / path) for path in here]
    own = {path for path in here if _is_its_own(path, copy)}
    changed = [
        path for path, (there, ours) in zip(here, pairs, strict=True) if path not in own and _differ(there, ours)
    ]
    return FilesCompared(
        number=sum(there.is_file() for there, _ in pairs),
        changed=tuple(changed),
        only_there=tuple(_not_copied(original, copy)),
        only_here=tuple(path for path in _added(original, copy) if path not in own),
    )


def _copied(copy: Files) -> list[str]:
    """Every file of a copy, by its path from the project; one that is reached above that begins with `..`."""
    directory = copy.project.directory
    reached = [directory / os.path.relpath(one, copy.subject.directory) for one in copy.subject.reached]
    files = [one for one in reached if one.is_file()]
    below = [folder / path for folder in reached if folder.is_dir() for path in _files(folder)]
    above = {os.path.relpath(one, directory) for one in (*files, *below)}
    return [*_files(directory), *sorted(path for path in above if path.startswith(os.pardir))]


def _files(folder: Path) -> list[str]:
    """Every file below a folder but for what we laid there."""
    found: list[str] = []
    for base, folders, names in os.walk(folder):
        folders.sort()
        found += [str((Path(base) / name).relative_to(folder)) for name in sorted(names)]
        if len(found) > MOST_FILES:
            break
    return [path for path in found if not path.startswith(OVERRIDE_NAME)][:MOST_FILES]


def _is_its_own(path: str, copy: Files) -> bool:
    """Whether each copy has its own of it: variables, secrets, and whatever a fresh one is to start without."""
    file = copy.project.directory / path
    declared = (copy.project.declared.get("secrets") or {}).values()
    secrets = {Path(spec["file"]) for spec in declared if "file" in spec}
    secrets |= {copy.credentials.directory / one.password_file for one in copy.subject.credentials.values()}
    return path == ENVIRONMENT or file in secrets or is_left_out(path, copy)


def is_left_out(path: str, copy: Files) -> bool:
    """Whether a fresh copy starts without this file, or a folder that it lies in."""
    return any(fnmatch.fnmatch(part, left) for part in Path(path).parts for left in copy.subject.leave_out)


def _differ(there: Path, here: Path) -> bool:
    """Whether a file lies in both places and is not the same; a link is as good as what it leads to."""
    if not (there.is_file() and here.is_file()) or there.is_symlink():
        return False
    one, other = there.stat(), here.stat()
    if one.st_size != other.st_size:
        return True
    if one.st_size > COMPARED_BYTES:
        return one.st_mtime_ns != other.st_mtime_ns
    return there.read_bytes() != here.read_bytes()


def _not_copied(original: Path, copy: Files) -> Iterator[str]:
    """Settings that services have mounted where the project stands, and that the copy lacks."""
    for path, read_only in _mounted(copy):
        there, here = original / path, copy.project.directory / path
        if not here.exists() and (there.is_file() or (there.is_dir() and read_only)):
            yield path
        yield from _more_in(there, here, path, read_only=read_only)


def _added(original: Path, copy: Files) -> Iterator[str]:
    """Settings that the copy has beside those of a folder that is mounted where the project stands, too."""
    for path, read_only in _mounted(copy):
        yield from _more_in(copy.project.directory / path, original / path, path, read_only=read_only)


def _more_in(folder: Path, other: Path, path: str, *, read_only: bool) -> Iterator[str]:
    if folder.is_dir() and other.is_dir():
        names = (name for name in _files(folder) if not (other / name).exists())
        yield from (f"{path}/{name}" for name in names if read_only or Path(name).suffix in SETTINGS)


def _mounted(copy: Files) -> Iterator[tuple[str, bool]]:
    """(path below the project, may nobody write to it) of what services have mounted."""
    directory = copy.project.directory
    for spec in copy.project.declared["services"].values():
        for mount in spec.get("volumes") or ():
            source = Path(str(mount.get("source") or ""))
            if mount["type"] == "bind" and source.is_relative_to(directory) and source != directory:
                yield str(source.relative_to(directory)), bool(mount.get("read_only"))
