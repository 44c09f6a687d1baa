"""`docker compose up`, followed while it is at work: what it says, how long it may take, what cannot come any more."""

from __future__ import annotations

import io
import os
import re
import subprocess
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from stack.driver.bounded import NOTHING
from stack.driver.diagnosis import diagnoses
from stack.driver.docker import from_words
from stack.driver.errors import BuildError, ImageError, StackError
from stack.driver.progress import Progress
from stack.driver.project import ComposeProject
from stack.driver.wait import until

STARTING = re.compile(r"Container (?P<container>\S+)\s+(?P<state>\w+)")
NOT_PULLED = re.compile(r"^\s*(?P<service>\S+)\s+Error\s+(?P<why>.*)$", re.MULTILINE)
NOT_BUILT = re.compile(r"^failed to solve: (?P<why>.*)$", re.MULTILINE)
BUILDING = re.compile(r"^ > \[(?P<service>\S+) ", re.MULTILINE)
FIRST_LOOK, BETWEEN_LOOKS = 3.0, 2.0  # seconds: a look into every container costs, and most starts need none


@dataclass(frozen=True, kw_only=True)
class Begun:
    """How `docker compose up` ended, what it said, and how long its containers took, pulls and builds aside."""

    returncode: int
    said: str
    seconds: float


class Hopeless:
    """Tells, whenever asked, whether a service was found by now whose health check cannot pass."""

    def __init__(self, project: str) -> None:
        self._project = project
        self._next = time.monotonic() + FIRST_LOOK

    def __call__(self) -> bool:
        if time.monotonic() < self._next:
            return False
        self._next = time.monotonic() + BETWEEN_LOOKS
        return any(one.hopeless for one in diagnoses(self._project))


def with_compose(project: ComposeProject, progress: Progress, *, within: float) -> Begun:
    """Have Compose start all; it is ended where its containers take longer, or wait for what cannot come."""
    said: list[str] = []
    since: list[float] = []

    def read(compose: subprocess.Popen[str]) -> None:
        for line in compose.stdout or ():
            said.append(line)
            if seen := STARTING.search(line):
                since.append(time.monotonic())
                service = seen["container"].removeprefix(f"{project.name}-").removesuffix("-1")
                progress.show(service, seen["state"].lower())

    with running_command(["docker", *project.command("up", "--detach")], project.variables) as compose:
        reader = threading.Thread(target=read, args=(compose,), daemon=True)
        reader.start()
        _ = project.config  # a question well timed: Compose is at work
        hopeless = Hopeless(project.name)

        def over() -> bool:
            in_vain = bool(since) and (time.monotonic() - since[0] > within or hopeless())
            return in_vain or compose.poll() is not None

        until(over, bool, within=float("inf"), every=0.05)
        if compose.poll() is None:
            compose.terminate()
        compose.wait()
        reader.join()
    seconds = time.monotonic() - since[0] if since else 0.0
    return Begun(returncode=compose.returncode, said="".join(said), seconds=seconds)


def built(project: ComposeProject, service: str) -> None:
    """Have Compose build the image of a service; raises BuildError where it cannot."""
    _made(project, "build", service)


def pulled(project: ComposeProject, service: str) -> None:
    """Have Compose pull the image of a service; raises ImageError where it cannot."""
    _made(project, "pull", service)


def _made(project: ComposeProject, *words: str) -> None:
    with running_command(["docker", *project.command(*words)], project.variables) as compose:
        said = (compose.stdout or io.StringIO()).read()
    if compose.returncode != 0:
        raise problem_in(project, said)


def problem_in(project: ComposeProject, said: str) -> StackError:
    """What Compose says of a start that came to nothing, as an error of ours."""
    known = from_words(said, f"start {project.name}")
    if type(known) is not StackError:
        return known
    if (pulled := NOT_PULLED.search(said)) and pulled["service"] in project.config["services"]:
        image = project.config["services"][pulled["service"]].get("image", "")
        return ImageError(f"image {image} of `{pulled['service']}` cannot be pulled", details=(pulled["why"],))
    if built := NOT_BUILT.search(said):
        step = BUILDING.search(said)
        whose = f"the image of `{step['service']}`" if step else "an image"
        return BuildError(f"{whose} cannot be built", details=(built["why"],))
    return known


@contextmanager
def running_command(command: list[str], variables: Mapping[str, str] = NOTHING) -> Iterator[subprocess.Popen[str]]:
    """A command whose streams are read as one, as it comes, and which ends when whoever reads is interrupted."""
    with subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        env={**os.environ, **variables},
    ) as process:
        try:
            yield process
        except BaseException:
            process.terminate()
            raise
