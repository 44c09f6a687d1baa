"""Everything the shipped stack needs before `compose up`: images, secrets, the data directory, `.env`."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from stack.driver import engine
from stack.driver.errors import EngineError, StackError, SubjectError
from stack.driver.images import sources as image_sources
from stack.driver.images.bases import EVERY_SOURCE, Source
from stack.driver.images.provision import provide
from stack.driver.progress import Progress
from stack.ops import secrets

USERS = {"api": 10001, "redis": 999}  # what the images run as; the caller's own uid where the caller is not root
SOCKET = Path("/var/run/docker.sock")


def prepare(directory: Path, progress: Progress, sources: tuple[Source, ...] = EVERY_SOURCE) -> None:
    """Make `directory`, the shipped stack or a copy of it, ready for a plain `compose up`. Safe to repeat."""
    owners = USERS if os.geteuid() == 0 else dict.fromkeys(USERS, os.geteuid())
    chosen = provide(progress, sources)
    secrets.ensure(directory / "secrets", owners)
    _open_configuration(directory)
    _make_data_directory(directory / "data" / "redis", owners["redis"])
    socket = _socket()
    settings = {
        **chosen,
        "API_USER": f"{owners['api']}:{owners['api']}",
        "REDIS_USER": f"{owners['redis']}:{owners['redis']}",
        "DOCKER_SOCKET": str(socket),
        "DOCKER_GID": str(socket.stat().st_gid),
    }
    lines = ["# Written by `invoke up`; holds no secrets.", *(f"{name}={value}" for name, value in settings.items())]
    try:
        (directory / ".env").write_text("\n".join(lines) + "\n")
    except OSError as problem:
        raise SubjectError(f"{directory} cannot be written to: {problem.strerror}") from problem


def _open_configuration(directory: Path) -> None:
    """What containers mount to read must be readable to their users, whatever the umask of the clone was."""
    for folder in (directory / "redis", directory / "prometheus"):
        folder.chmod(0o755)
        for file in folder.iterdir():
            file.chmod(0o644)


def _make_data_directory(path: Path, owner: int) -> None:
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    if path.stat().st_uid != owner:
        os.chown(path, owner, owner)


def _socket() -> Path:
    host = os.environ.get("DOCKER_HOST", f"unix://{SOCKET}")
    socket = Path(host.removeprefix("unix://"))
    if not host.startswith("unix://") or not socket.is_socket():
        raise EngineError(
            f"the healer needs the engine's socket on this machine, and {host} is none",
            hint="use an engine on this machine",
        )
    return socket


def main() -> int:
    """Prepare the current directory: what `compliance.toml` names for fresh copies of this stack."""
    try:
        sources = image_sources.chosen()
        engine.require()
        with Progress() as progress:
            prepare(Path.cwd(), progress, sources)
    except StackError as problem:
        print(problem, file=sys.stderr)
        return problem.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main())
