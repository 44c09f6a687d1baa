"""Shapes of real projects, rebuilt small: each a folder with a Compose file, and what is said of it."""

from __future__ import annotations

import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from checks.subject.compose_files import COMPOSE_NAMES
from stack import ROOT
from stack.driver.images.bases import PROMETHEUS, PYTHON, REDIS

HERE = Path(__file__).parent
SHAPES, GOLDEN = HERE / "shapes", HERE / "golden"
NAMES = sorted(path.name for path in SHAPES.iterdir() if path.is_dir())
OPEN_REDIS = "subjects/redis:8.0"
AS_OFFICIAL = f"""\
FROM {REDIS.packaged}
RUN printf '#!/bin/sh\\nexec /usr/bin/redis-server "$@" --protected-mode no\\n' > /usr/local/bin/redis-server \\
 && chmod 755 /usr/local/bin/redis-server
WORKDIR /data
CMD ["redis-server"]
"""  # the official image is built without protected mode, which keeps other containers out
FROM_PACKAGES = {  # what the shapes stand on where no registry answers
    "PYTHON_IMAGE": PYTHON.packaged,
    "REDIS_IMAGE": OPEN_REDIS,
    "PROMETHEUS_IMAGE": PROMETHEUS.packaged,
}
PYTEST = (sys.executable, "-m", "pytest", "-c", "pyproject.toml", "--rootdir=.", "checks/requirements", "-m", "check")
ASIDE = ("--ignore-glob=*/tests", "-q", "--no-header", "--tb=no", "-rN", "-p", "no:cacheprovider")


@dataclass(frozen=True, kw_only=True)
class Judged:
    """What a run said of a shape: the report for programs, and how many lines the terminal showed.

    `seconds` is what it took, `processor` what processes of ours used of the processor meanwhile, Docker's command too.
    """

    report: Mapping[str, Any]
    lines: int
    seconds: float
    processor: float

    @property
    def causes(self) -> list[str]:
        """What kept more than one check from being tried, each once."""
        checks = [check for one in self.report["requirements"] for check in one["checks"]]
        reasons = [str(check["reason"]) for check in checks if check["reason"]]
        return sorted({reason for reason in reasons if reasons.count(reason) > 1})


@contextmanager
def laid_out(name: str) -> Iterator[Path]:
    """A shape in a folder of its own, links to what all share replaced by files; the folder of its Compose file."""
    with tempfile.TemporaryDirectory(prefix=f"subject-{name}-") as parent:
        folder = Path(parent) / name
        shutil.copytree(SHAPES / name, folder)
        yield next(path.parent for usual in COMPOSE_NAMES for path in sorted(folder.rglob(usual)))


def provide_redis() -> None:
    """Build the image that stands for the official one."""
    subprocess.run(
        ["docker", "build", "--quiet", f"--tag={OPEN_REDIS}", "-"],
        input=AS_OFFICIAL, text=True, check=True, stdout=subprocess.DEVNULL,
    )  # fmt: skip


def judged(subject: Path, *options: str, environment: Mapping[str, str] | None = None) -> Judged:
    """Run the checks on a subject of ours, with its evidence in a folder aside."""
    kept = {name: value for name, value in os.environ.items() if name not in FROM_PACKAGES and "PYTEST" not in name}
    with tempfile.TemporaryDirectory(prefix="evidence-") as evidence:
        began, used = time.monotonic(), _used()
        command = [*PYTEST, *ASIDE, f"--stack={subject}", f"--evidence={evidence}", "--trust", *options]
        ran = _run(command, {**kept, **(environment or {})})
        told = _run([sys.executable, "-m", "checks.report", f"{evidence}/latest"], kept)
        seconds, processor = time.monotonic() - began, _used() - used
        report = json.loads((Path(evidence) / "latest" / "report.json").read_text())
    return Judged(report=report, lines=len((ran + told).splitlines()), seconds=seconds, processor=processor)


def _used() -> float:
    """Seconds of the processor that ended commands of this process have used."""
    spent = resource.getrusage(resource.RUSAGE_CHILDREN)
    return spent.ru_utime + spent.ru_stime


def _run(command: list[str], environment: Mapping[str, str]) -> str:
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    return done.stdout + done.stderr


def verdicts(found: Judged) -> dict[str, str]:
    """{requirement: its verdict}."""
    return {one["id"]: one["verdict"] for one in found.report["requirements"]}


def sentences(found: Judged, subject: Path) -> str:
    """Each requirement with what objected, what was not tried and why, and the rules proven, for golden files."""
    lines = [line for one in found.report["requirements"] for line in _of(one)]
    return "\n".join(lines).replace(str(subject), ".").replace(str(subject.parent), "..") + "\n"


def _of(requirement: Mapping[str, Any]) -> Iterator[str]:
    yield f"{requirement['id']} {requirement['verdict']}"
    for check in requirement["checks"]:
        for one in check["violations"]:
            yield f"  {one['rule']}: {_plain(one['seen'])}"
    for reason in dict.fromkeys(check["reason"] for check in requirement["checks"] if check["reason"]):
        yield f"  {reason}"
    if proven := [f"{one['name']} ({one['tier']})" for one in requirement["rules"] if one["verdict"] == "proven"]:
        yield f"  proven: {', '.join(proven)}"


def _plain(seen: object) -> str:
    return seen if isinstance(seen, str) else json.dumps(seen, ensure_ascii=False)
