"""On which line a key of the Compose files stands, by the marks that PyYAML gives its nodes."""

from __future__ import annotations

import os
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

import yaml

from checks.core.place import Place

FILE_BYTES = 1 << 20
KEPT = 8  # projects whose lines are remembered
Keys = tuple[str, ...]


def place_of(files: tuple[Path, ...], keys: Keys) -> Place | None:
    """The last of the files that has this key, or the nearest one above it that names a service or the like.

    What an included or extended file says is in none of them.
    """
    lines = _lines(files)
    for depth in range(len(keys), 1, -1):
        if found := lines.get(keys[:depth]):
            return found
    return None


def place_in(file: Path, project: Path, line: int | None = None) -> Place:
    """A line of a file, by the path from the root of its git repository, or from its project where it is in none."""
    folder = repository_of(file.parent) or project
    return Place(file=os.path.relpath(file, folder), line=line)


def repository_of(folder: Path) -> Path | None:
    """The root of the git repository that a folder is in."""
    return next((place for place in (folder, *folder.parents) if (place / ".git").exists()), None)


@lru_cache(maxsize=KEPT)
def _lines(files: tuple[Path, ...]) -> dict[Keys, Place]:
    return {keys: place_in(file, files[0].parent, line) for file in files for keys, line in _keys_of(file)}


def _keys_of(file: Path) -> Iterator[tuple[Keys, int]]:
    if not file.is_file() or file.stat().st_size > FILE_BYTES:
        return
    try:
        root = yaml.compose(file.read_text(errors="replace"), Loader=yaml.SafeLoader)
    except yaml.YAMLError:  # Compose says what is wrong with it, to whoever asks it to resolve the project
        return
    ahead: list[tuple[Keys, object]] = [((), root)]
    while ahead:
        keys, node = ahead.pop()
        for key, value in node.value if isinstance(node, yaml.MappingNode) else ():
            at = (*keys, str(key.value))
            yield at, key.start_mark.line + 1
            if value.start_mark.index >= key.start_mark.index:  # what an alias stands for has its own place
                ahead.append((at, value))
