"""`docker compose up`, followed while it is at work: what it says, how long it may take, what cannot come any more."""

from __future__ import annotations

import io
import re
import subprocess
import threading
import time
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from stack.driver.diagnosis import diagnoses
from stack.driver.docker import from_words, why_not_built
from stack.driver.errors import BuildError, ImageError, StackError
from stack.driver.progress import Progress
from stack.driver.project import ComposeProject
from stack.driver.wait import until

STARTING = re.compile(r"Container (?P<container>\S+)\s+(?P<state>\w+)")
NOT_PULLED = re.compile(r"^\s*(?P<service>\S+)\s+Error\s+(?P<why>.*)$", re.MULTILINE)
BUILDING = re.compile(r"^ > \[(?P<service>\S+) ", re.MULTILINE)
RESOLVER = re.compile(r" on [\d.:\[\]a-f]+:53(?=:)")  # whom this machine asks for names says nothing of the project
FIRST_LOOK, BETWEEN_LOOKS = 3.0, 2.0  # seconds: a look into every container costs, and most starts need none


@dataclass(frozen=True, kw_only=True)
class Begun:
    """How `docker compose up` ended, what it said, and how long its containers took, pulls and builds aside."""

    returncode: int
    said: str
    seconds: float


class Hopeless:
    """Tells, whenever asked, whether a service was found by now whose health check cannot pass, beside those known."""

    def __init__(self, project: str, known: Collection[str] = ()) -> None:
        self._project, self._known = project, known
        self._next = time.monotonic() + FIRST_LOOK

    def __call__(self) -> bool:
        if time.monotonic() < self._next:
            return False
        self._next = time.monotonic() + BETWEEN_LOOKS
        return any(one.hopeless for one in diagnoses(self._project) if one.service not in self._known)


def with_compose(
    project: ComposeProject, progress: Progress, *services: str, within: float, known: Collection[str] = ()
) -> Begun:
    """Have Compose start all, or these; it is ended where its containers take longer, or wait for what cannot come.

    `known` are services of which that is known already.
    """
    said: list[str] = []
    since: list[float] = []

    def read(compose: subprocess.Popen[str]) -> None:
        for line in compose.stdout or ():
            said.append(line)
            if seen := STARTING.search(line):
                since.append(time.monotonic())
                service = seen["container"].removeprefix(f"{project.name}-").removesuffix("-1")
                progress.show(service, seen["state"].lower())

    command = ["docker", *project.command("up", "--detach", "--", *services)]
    with running_command(command, project.environment) as compose:
        reader = threading.Thread(target=read, args=(compose,), daemon=True)
        reader.start()
        _ = project.config  # a question well timed: Compose is at work
        hopeless = Hopeless(project.name, known)

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
    _made(project, "build", "--", service)


def pulled(project: ComposeProject, service: str) -> None:
    """Have Compose pull the image of a service; raises ImageError where it cannot."""
    _made(project, "pull", "--", service)


def _made(project: ComposeProject, *words: str) -> None:
    with running_command(["docker", *project.command(*words)], project.environment) as compose:
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
        whose = pulled["service"]
        why = RESOLVER.sub("", pulled["why"])
        return ImageError(f"image {image} of `{whose}` cannot be pulled", details=(why,), service=whose)
    if why := why_not_built(said):
        whose = _built_in(project, said)
        sentence = f"the image of `{whose}` cannot be built" if whose else "an image cannot be built"
        return BuildError(sentence, details=(why,), service=whose)
    return known


def _built_in(project: ComposeProject, said: str) -> str:
    """Whose image a build was of, as it says or since there is no other; '' where that is not known."""
    services, step = project.config["services"], BUILDING.search(said)
    if step and step["service"] in services:
        return step["service"]
    building = [name for name, spec in services.items() if spec.get("build")]
    return building[0] if len(building) == 1 else ""


@contextmanager
def running_command(
    command: list[str], environment: Mapping[str, str] | None = None
) -> Iterator[subprocess.Popen[str]]:
    """A command whose streams are read as one, as it comes, and which ends when whoever reads is interrupted."""
    with subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        env=environment,
    ) as process:
        try:
            yield process
        except BaseException:
            process.terminate()
            raise
