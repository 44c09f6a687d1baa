"""Which Compose file a path stands for."""

from __future__ import annotations

from pathlib import Path

from stack.driver.errors import SubjectError

COMPOSE_NAMES = ("compose.yaml", "compose.yml", "docker-compose.yaml", "docker-compose.yml")
PROFILE_NAME = "compliance.toml"


def found_at(path: Path) -> Path:
    """The Compose file at `path`, a directory or that file itself; raises SubjectError where there is none."""
    if path.is_file():
        return path
    for name in COMPOSE_NAMES:
        if (path / name).is_file():
            return path / name
    seen = "there is no such directory" if not path.exists() else f"it holds none of {', '.join(COMPOSE_NAMES)}"
    raise SubjectError(f"{path} is no Compose project: {seen}", hint="--stack takes a directory or a Compose file")
