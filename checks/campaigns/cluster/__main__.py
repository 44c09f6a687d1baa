"""`python -m checks.campaigns.cluster`: the stack on a swarm of three engines in containers, and what it shows.

Exit codes: 0 every figure is as it is to be; 1 one is not; 2 it could not be found out; 3 unusable arguments;
130 interrupted.
"""

from __future__ import annotations

import json
import signal
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from checks.campaigns.cluster.nodes import Machine, swarm_of
from checks.campaigns.cluster.proofs import PROOFS, STACK, Figure, Ground
from checks.core.cli import UNUSABLE, Parser, UnusableError
from checks.subject import profile, workspace
from stack import SHIPPED
from stack.driver import docker, engine, session
from stack.driver.errors import StackError
from stack.driver.images.build import build_folder
from stack.driver.progress import Progress
from stack.driver.session import Session
from stack.driver.swarm.service import HERE, pinned_by

NODES = 3
INTERRUPTED, NOT_FOUND_OUT = 130, 2
NEVER_HEALTHY = 'ENTRYPOINT ["python3", "-c", "import time; time.sleep(86400)"]\n'


def main(arguments: list[str] | None = None) -> int:
    """Print the table, and give the exit code."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        chosen, kept = asked_for(arguments)
    except UnusableError as error:
        sys.stderr.write(f"error: {error}\nhint: `nox -s cluster -- --proofs node,update`\n")
        return UNUSABLE
    figures: list[Figure] = []
    try:
        engine.require()
        run_all(chosen, figures)
    except StackError as problem:
        sys.stderr.write(f"{problem}\n")
        return NOT_FOUND_OUT
    except KeyboardInterrupt:
        return INTERRUPTED
    finally:
        if figures:
            sys.stdout.write(table(figures))
        if figures and kept:
            kept.write_text(json.dumps([asdict(one) for one in figures], indent=2) + "\n")
    return 0 if all(one.holds for one in figures) else 1


def asked_for(arguments: list[str] | None) -> tuple[list[str], Path | None]:
    """Which proofs, and where figures are kept as well; raises UnusableError."""
    parser = Parser(prog="python -m checks.campaigns.cluster", description=__doc__)
    parser.add_argument("--proofs", metavar="A,B", default=",".join(PROOFS), help=f"of {', '.join(PROOFS)}")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there as well")
    given = parser.parse_args(arguments)
    named = given.proofs.split(",")
    if unknown := [name for name in named if name not in PROOFS]:
        raise UnusableError(f"no proof is called {', '.join(unknown)}; there are {', '.join(PROOFS)}")
    return [name for name in PROOFS if name in named], given.json


def run_all(chosen: Sequence[str], figures: list[Figure]) -> None:
    """Make the swarm, deploy the stack, and go through the proofs chosen; what is found is added to `figures`."""
    with (
        Progress() as progress,
        session.begun() as run,
        workspace.prepared(profile.read(SHIPPED), progress, run) as copy,
    ):
        images = _images(copy, run)
        began = time.monotonic()
        with swarm_of(NODES, run.labels(f"{run.name}-cluster"), run.folder, images) as machines:
            figures.append(_told("a swarm of three engines with every image", time.monotonic() - began))
            _place(machines)
            image, following, bad, *_ = images
            ground = Ground(
                directory=copy, machines=machines, progress=progress, image=image, next_image=following, bad_image=bad
            )
            figures.append(_told("deployed, every task healthy", ground.deploy(image)))
            for name in chosen:
                progress.say(f"proof: {name}")
                figures += PROOFS[name](ground)


def table(figures: Sequence[Figure]) -> str:
    """The figures as a table in Markdown."""
    rows = [
        f"| {one.proof} | {one.what} | {one.seen} | {one.wanted} | {'yes' if one.holds else 'NO'} |" for one in figures
    ]
    return "\n".join(["| proof | figure | seen | wanted | holds |", "|---|---|---|---|---|", *rows]) + "\n"


def _images(copy: Path, run: Session) -> list[str]:
    """The api's image, the same under another name, one that never gets healthy, and those of the others."""
    settings = dict(line.split("=", 1) for line in (copy / ".env").read_text().splitlines() if "=" in line)
    image, following, bad = settings["API_IMAGE"], f"{run.name}-api:next", f"{run.name}-api:bad"
    docker.ask("tag", image, following)
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "Dockerfile").write_text(f"FROM {image}\n{NEVER_HEALTHY}")
        build_folder(Path(folder), bad)
    return [image, following, bad, settings["REDIS_IMAGE"], settings["PROMETHEUS_IMAGE"]]


def _place(machines: Sequence[Machine]) -> None:
    """Prometheus where we ask, Redis on the second, and nothing that has data on the third."""
    for machine, service in zip(machines, ("prometheus", "redis"), strict=False):
        docker.ask("node", "update", "--label-add", f"{pinned_by(STACK, service)}={HERE}", machine.name)


def _told(what: str, seconds: float) -> Figure:
    return Figure(proof="start", what=what, seen=f"{seconds:.1f} s", wanted="-", holds=True)


if __name__ == "__main__":
    sys.exit(main())
