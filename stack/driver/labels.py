"""Labels: what is started carries the name of its session, and by that it is found again."""

from __future__ import annotations

import platform
import re
import tempfile
from collections.abc import Mapping
from pathlib import Path

RUN_LABEL = "compose-compliance.run"
STACK_LABEL = "compose-compliance.stack"
DEADLINE_LABEL = "compose-compliance.deadline"
HOME_LABEL = "compose-compliance.home"
Labels = Mapping[str, str]


PREFIX = "checks-"
NAME = re.compile(r"checks-[0-9a-f]{6}")  # nothing else is taken for a run, whatever a folder or a label says
KEPT = ".kept"
LEFT = ".left"


def home() -> Path:
    return Path(tempfile.gettempdir())


def address() -> str:
    """Where the folders of runs of this machine are, for whoever shares the engine with others."""
    return f"{platform.node()}:{home()}"


def options(labels: Labels) -> list[str]:
    """The options that give labels to what the docker command makes."""
    return [word for label in labels.items() for word in ("--label", "=".join(label))]
