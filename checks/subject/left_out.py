"""What lies in a subject's folder and is none of it: what patterns name, and the evidence of earlier runs on it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from fnmatch import fnmatch
from pathlib import Path

from checks.core.evidence import LATEST
from checks.core.run import OBSERVATIONS, RUN

BESIDE_RUNS = frozenset({LATEST, "history.html"})


def is_named(name: str, patterns: Iterable[str]) -> bool:
    """Whether one of the patterns is about this name."""
    return any(fnmatch(name, pattern) for pattern in patterns)


def holds_evidence(folder: Path) -> bool:
    """Whether a folder is one that runs leave theirs in, and nothing else lies there.

    A project of that name, or one that has its own files there, is a project.
    """
    if not (folder / LATEST).is_symlink():
        return False
    runs = [entry for entry in folder.iterdir() if entry.name not in BESIDE_RUNS]
    return bool(runs) and all((run / RUN).is_file() and (run / OBSERVATIONS).is_file() for run in runs)


def is_left_out(path: Path, patterns: Iterable[str]) -> bool:
    """Whether a file or folder is none of its project."""
    return is_named(path.name, patterns) or holds_evidence(path)


def ignoring(*patterns: str) -> Callable[[str, list[str]], set[str]]:
    """What `shutil.copytree` is to leave out."""
    return lambda folder, names: {name for name in names if is_left_out(Path(folder, name), patterns)}
