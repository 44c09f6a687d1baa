"""An engine inside a container of the engine that is here, for what would disturb whoever else uses that one."""

from __future__ import annotations

import os
import secrets
import subprocess
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from stack import docker, engine, images, toolbox, waiting
from stack.board import Board
from stack.errors import StackError, from_words, last_lines

START_SECONDS = 60.0
STOP_SECONDS = 30  # for every container in it to be stopped in good order
HERE = "unix:///var/run/docker.sock"


class Nested:
    """The engine inside, which every `docker` command of this process talks to meanwhile; see `begun`."""

    def __init__(self, container: str, outside: dict[str, str]) -> None:
        self._container, self._outside = container, outside

    def restart(self) -> None:
        """Stop the engine as a machine that goes down does, start it again, and wait until it answers."""
        self._ask("stop", "--time", str(STOP_SECONDS), self._container)
        self._ask("start", self._container)
        self.wait_until_it_answers()

    def wait_until_it_answers(self) -> None:
        """Raises StackError with its last words where it does not within a minute."""
        if not waiting.first(engine.answers, bool, within=START_SECONDS).reached:
            said = subprocess.run(
                ["docker", "logs", self._container], env=self._outside, capture_output=True, text=True, check=False
            )
            raise StackError("the engine in a container does not answer", details=last_lines(said.stderr))

    def load(self, references: Iterable[str]) -> None:
        """Give it images of the engine outside."""
        with subprocess.Popen(
            ["docker", "save", *references], env=self._outside, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        ) as save:
            loaded = subprocess.run(["docker", "load"], stdin=save.stdout, capture_output=True, text=True, check=False)
            _, said = save.communicate()
        if save.returncode != 0 or loaded.returncode != 0:
            raise from_words(said.decode(errors="replace") + loaded.stderr, "give images to an engine in a container")

    def _ask(self, *words: str) -> None:
        done = subprocess.run(["docker", *words], env=self._outside, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise from_words(done.stderr, f"{words[0]} an engine in a container")


@contextmanager
def begun(labels: toolbox.Labels, shared: Path, references: Iterable[str]) -> Iterator[Nested]:
    """An engine with these images, in a privileged container; `shared` is a folder that both engines see as one.

    Meanwhile DOCKER_HOST names it, so that whatever this process does through the docker command is done there.
    Raises StackError where the engine allows no privileged container.
    """
    with Board() as board:
        image = images.provide_bases((images.ENGINE,), board)[images.ENGINE]
    wanted = sorted({toolbox.python_image(), *references})
    socket = shared / f"engine-{secrets.token_hex(2)}.sock"
    container = docker.ask(
        "run", "--detach", *toolbox.words(labels), "--privileged", "--volume", f"{shared}:{shared}",
        "--volume", "/var/lib/docker", "--tmpfs", "/run", "--entrypoint", "dockerd", image,
        "--host", f"unix://{socket}", "--host", HERE,
    ).strip()  # fmt: skip
    outside = dict(os.environ)
    try:
        os.environ["DOCKER_HOST"] = f"unix://{socket}"
        found = Nested(container, outside)
        found.wait_until_it_answers()
        found.load(wanted)
        yield found
    finally:
        os.environ.clear()
        os.environ.update(outside)
        docker.ask("rm", "--force", "--volumes", container)
        socket.unlink(missing_ok=True)
