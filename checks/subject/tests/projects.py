"""The projects of cases, as a user would have them."""

from __future__ import annotations

import shutil
from pathlib import Path

from checks.core.tests.cases import Case


def laid_out(case: Case, base: Path) -> Path:
    """The case's files as a user would have them, links included; the folder in which Compose is run."""
    shutil.copytree(case["folder"], base, ignore=shutil.ignore_patterns("case.toml"))
    for name, target in case.get("links", {}).items():
        (base / name).symlink_to(target)
    return base / str(case.get("project", "."))
