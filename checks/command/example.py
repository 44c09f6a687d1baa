"""The stack that ships, or its healer alone, written where a person can read, start and change it."""

from __future__ import annotations

import shutil
from pathlib import Path

from stack import ROOT, SHIPPED
from stack.driver.errors import SubjectError

OURS = ("tests", "driver", "ops", "*.py", "*.md", "py.typed", "__pycache__", ".env", "backups", "data", "secrets")
SOCKET = Path("/var/run/docker.sock")
NOT_OF_AN_IMAGE = ("tests", "__pycache__")


def written(folder: Path) -> Path:
    """Write the stack and its service below a folder; gives that of the Compose file.

    Raises SubjectError where something lies there already, or it cannot be written.
    """
    _require_room(folder)
    images = {"service": ROOT / "service", "stack/healer": SHIPPED / "healer"}  # what images are built from is whole
    try:
        shutil.copytree(SHIPPED, folder / "stack", ignore=shutil.ignore_patterns(*OURS, "healer"))
        for name, source in images.items():
            shutil.copytree(source, folder / name, ignore=shutil.ignore_patterns(*NOT_OF_AN_IMAGE))
    except OSError as problem:
        raise SubjectError(f"{folder} cannot be written: {problem}") from problem
    return folder / "stack"


def healer(folder: Path) -> Path:
    """Write the healer as a Compose file that another one includes, with what its image is built from; gives that file.

    Raises SubjectError where something lies there already, or it cannot be written.
    """
    _require_room(folder)
    try:
        shutil.copytree(SHIPPED / "healer", folder, ignore=shutil.ignore_patterns(*NOT_OF_AN_IMAGE), dirs_exist_ok=True)
        shutil.copyfile(ROOT / "stack" / "ops" / "healer.compose.yaml", folder / "compose.yaml")
        if SOCKET.exists():
            (folder / ".env").write_text(f"DOCKER_GID={SOCKET.stat().st_gid}\n")
    except OSError as problem:
        raise SubjectError(f"{folder} cannot be written: {problem}") from problem
    return folder / "compose.yaml"


def told_of_the_healer(folder: Path) -> str:
    """Write it, and say how it is used."""
    included = healer(folder)
    return f"wrote {included}; next, in the Compose file: `include: [{included}]`, by its path from there\n"


def _require_room(folder: Path) -> None:
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise SubjectError(f"{folder} is not empty, and stays as it is", hint="name a folder that is to be made")
