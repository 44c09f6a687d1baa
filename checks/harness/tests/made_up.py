"""Folders that are made up as the how-tos in CONTRIBUTING say, and commands of the project run on them."""

import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from textwrap import dedent

from stack import ROOT


def written(folder: Path, files: Mapping[str, str]) -> None:
    """A new folder with these files; their texts may be indented."""
    folder.mkdir(parents=True)
    for name, text in files.items():
        (folder / name).write_text(dedent(text).strip() + "\n")


def run(*command: str, project: Path = ROOT) -> "subprocess.CompletedProcess[str]":
    """What Python makes of a command, in the folder of this project or of a copy."""
    return subprocess.run([sys.executable, *command], cwd=project, capture_output=True, text=True, check=False)
