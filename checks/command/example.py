"""The stack that ships, written where a person can read, start and change it."""

from __future__ import annotations

import shutil
from pathlib import Path

from stack import ROOT, SHIPPED
from stack.driver.errors import SubjectError

OURS = ("tests", "driver", "ops", "*.py", "*.md", "py.typed", "__pycache__", ".env", "backups", "data", "secrets")
NOT_OF_AN_IMAGE = ("tests", "__pycache__")


def written(folder: Path) -> Path:
    """Write the stack and its service below a folder; gives that of the Compose file.

    Raises SubjectError where something lies there already, or it cannot be written.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise SubjectError(f"{folder} is not empty, and stays as it is", hint="name a folder that is to be made")
    images = {"service": ROOT / "service", "stack/healer": SHIPPED / "healer"}  # what images are built from is whole
    try:
        shutil.copytree(SHIPPED, folder / "stack", ignore=shutil.ignore_patterns(*OURS, "healer"))
        for name, source in images.items():
            shutil.copytree(source, folder / name, ignore=shutil.ignore_patterns(*NOT_OF_AN_IMAGE))
    except OSError as problem:
        raise SubjectError(f"{folder} cannot be written: {problem}") from problem
    return folder / "stack"
