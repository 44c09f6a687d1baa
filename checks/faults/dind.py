"""An engine inside a container of the engine that is here, for what would disturb whoever else uses that one."""

from __future__ import annotations

import os
import secrets
import subprocess
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from stack.driver import docker, engine, helper, wait
from stack.driver.docker import from_words, refused_privileges
from stack.driver.errors import NotPrivilegedError, OutOfTimeError, StackError, last_lines
from stack.driver.images import bases, sources
from stack.driver.labels import Labels, options
from stack.driver.progress import Progress

START_SECONDS = 60.0
STOP_SECONDS = 30  # for every container in it to be stopped in good order
HERE = "unix:///var/run/docker.sock"


class Nested:
    """The engine inside: whoever is to talk to it does so within `used`."""

    def __init__(self, container: str, host: str) -> None:
        self._container, self._host, self._outside = container, host, dict(os.environ)

    @contextmanager
    def used(self) -> Iterator[None]:
        """Meanwhile whatever this process does through the docker command is done there (DOCKER_HOST)."""
        before = os.environ.get("DOCKER_HOST")
        os.environ["DOCKER_HOST"] = self._host
        try:
            yield
        finally:
            os.environ.pop("DOCKER_HOST")
            os.environ.update({} if before is None else {"DOCKER_HOST": before})

    @property
    def address(self) -> str:
        """Where it is, in the one network that it has."""
        form = "{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}"
        return self._outside_do("inspect", "--format", form, self._container).stdout.strip()

    def restart(self) -> None:
        """Stop the engine as a machine that goes down does, start it again, and wait until it answers."""
        self._outside_do("stop", "--time", str(STOP_SECONDS), self._container)
        self.start()

    def kill(self) -> None:
        """End the engine and every container in it at once, as a machine ends that fails; its disk stays."""
        self._outside_do("kill", self._container)

    def start(self) -> None:
        """Start the engine again, and wait until it answers."""
        self._outside_do("start", self._container)
        self.wait_until_it_answers()

    def wait_until_it_answers(self) -> None:
        """Raises StackError with its last words where it does not within a minute."""
        with self.used():
            found = wait.until(engine.answers, bool, within=START_SECONDS)
        if not found.reached:
            said = self._outside_do("logs", self._container).stderr
            raise OutOfTimeError("the engine in a container does not answer", details=last_lines(said))

    def load(self, references: Iterable[str]) -> None:
        """Give it images of the engine outside."""
        with (
            subprocess.Popen(
                ["docker", "save", *references], env=self._outside, stdout=subprocess.PIPE, stderr=subprocess.PIPE
            ) as save,
            self.used(),
        ):
            loaded = subprocess.run(["docker", "load"], stdin=save.stdout, capture_output=True, text=True, check=False)
            _, said = save.communicate()
        if save.returncode != 0 or loaded.returncode != 0:
            raise from_words(said.decode(errors="replace") + loaded.stderr, "give images to an engine in a container")

    def remove(self) -> None:
        """Whatever is in it goes as well."""
        self._outside_do("rm", "--force", "--volumes", self._container)
        Path(self._host.removeprefix("unix://")).unlink(missing_ok=True)

    def _outside_do(self, *words: str) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(["docker", *words], env=self._outside, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise from_words(done.stderr, f"{words[0]} an engine in a container")
        return done


@contextmanager
def begun(labels: Labels, shared: Path, references: Iterable[str], *, given: tuple[str, ...] = ()) -> Iterator[Nested]:
    """An engine with these images, in a privileged container; `shared` is a folder that both engines see as one.

    `given` are more options of its `docker run`.

    Raises NotPrivilegedError where the engine allows no privileged container.
    """
    with Progress() as progress:
        image = sources.provide_bases((bases.ENGINE,), progress)[bases.ENGINE]
    wanted = sorted({helper.python_image(), *references})
    socket = shared / f"engine-{secrets.token_hex(4)}.sock"
    command = (
        "run", "--detach", *options(labels), "--privileged", "--volume", f"{shared}:{shared}",
        "--cgroupns", "host", "--volume", "/sys/fs/cgroup:/sys/fs/cgroup",  # so that faults find the cgroups inside
        "--volume", "/var/lib/docker", "--tmpfs", "/run", *given, "--entrypoint", "dockerd", image,
        "--host", f"unix://{socket}", "--host", HERE,
    )  # fmt: skip
    try:
        container = docker.ask(*command).strip()
    except StackError as problem:
        if refused_privileges(str(problem)):
            raise NotPrivilegedError("there is no engine in a container", details=problem.details) from problem
        raise
    found = Nested(container, f"unix://{socket}")
    try:
        found.wait_until_it_answers()
        found.load(wanted)
        yield found
    finally:
        found.remove()
