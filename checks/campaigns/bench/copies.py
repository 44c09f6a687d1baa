"""How long a fresh copy of a large project takes: 1 GB in 40,000 files, of which builds read 10 MB.

`nox -s bench -- copies`. The project is made in a temporary directory. A copy is all that a fresh stack is before it
starts: its folder, its resolved Compose file, what it asks of the machine, what detaches it. Writes
evidence/bench/copies.json.
"""

from __future__ import annotations

import json
import os
import statistics
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from checks.campaigns.bench.command import reports_errors
from checks.subject import profile, workspace
from stack.driver import session
from stack.driver.progress import Progress
from stack.driver.session import Session

FOLDER = Path("evidence", "bench")
COPIES = 6
READ, READ_BYTES = 400, 25_000  # sources
UNREAD, UNREAD_BYTES = 39_550, 13_000  # node_modules
LARGE, LARGE_BYTES = 50, 10_000_000  # data
COMPOSE = """
services:
  api:
    build: .
    ports: ["8000:8000"]
  redis:
    image: redis:8
    volumes: ["./redis.conf:/etc/redis.conf:ro"]
"""


@dataclass(frozen=True, kw_only=True)
class Measured:
    """Seconds for each copy, the first of which is the run's own as well; and what the project and a copy hold."""

    when: str
    cores: int
    files: int
    megabytes: float
    files_in_a_copy: int
    seconds: tuple[float, ...]

    @property
    def after_the_first(self) -> float:
        return statistics.median(self.seconds[1:])


@reports_errors
def main() -> int:
    """Print a line for each copy, and the median."""
    with tempfile.TemporaryDirectory(prefix="bench-copies-") as folder, session.begun() as run, Progress() as progress:
        made(Path(folder))
        seen = measured(Path(folder), run, progress)
    FOLDER.mkdir(parents=True, exist_ok=True)
    (FOLDER / "copies.json").write_text(json.dumps(asdict(seen), indent=2) + "\n")
    for number, seconds in enumerate(seen.seconds, 1):
        print(f"copy {number}: {seconds:.2f} s")
    print(f"{seen.files} files, {seen.megabytes:.0f} MB, {seen.files_in_a_copy} files in a copy")
    print(f"median after the first: {seen.after_the_first:.2f} s (longest {max(seen.seconds[1:]):.2f} s)")
    return 0


def made(folder: Path) -> None:
    """A project as people have them: sources, packages of a package manager, and data, the latter two ignored."""
    (folder / "compose.yaml").write_text(COMPOSE)
    (folder / "Dockerfile").write_text("FROM scratch\nCOPY . .\n")
    (folder / ".dockerignore").write_text("node_modules\ndata\n")
    (folder / "redis.conf").write_text("appendonly yes\n")
    for parent, count, size in (("app", READ, READ_BYTES), ("node_modules", UNREAD, UNREAD_BYTES)):
        for number in range(count):
            path = folder / parent / f"part{number % max(1, count // 40)}" / f"{number}.js"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(os.urandom(size))
    (folder / "data").mkdir()
    for number in range(LARGE):
        (folder / "data" / f"{number}.bin").write_bytes(os.urandom(LARGE_BYTES))


def measured(folder: Path, run: Session, progress: Progress) -> Measured:
    """Make copies one after another, each removed before the next, which is not counted."""
    subject, seconds, inside = profile.read(folder), [], 0
    for _ in range(COPIES):
        started = time.monotonic()
        with workspace.fresh(subject, progress, run, started=False) as stack:
            seconds.append(round(time.monotonic() - started, 3))
            inside = len(_files(stack.project.directory))
    files = _files(folder)
    return Measured(
        when=datetime.now(UTC).isoformat(timespec="seconds"),
        cores=os.cpu_count() or 1,
        files=len(files),
        megabytes=sum(path.stat().st_size for path in files) / 1e6,
        files_in_a_copy=inside,
        seconds=tuple(seconds),
    )


def _files(folder: Path) -> list[Path]:
    return [Path(found, name) for found, _, names in os.walk(folder) for name in names]


if __name__ == "__main__":
    sys.exit(main())
