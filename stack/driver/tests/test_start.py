"""What Compose says of a start that came to nothing is told as what is lacking."""

from pathlib import Path

import pytest

from stack.driver.errors import BuildError, EngineError, ImageError, PortTakenError, StackError
from stack.driver.project import ComposeProject, Config
from stack.driver.runners import start

NO_HOST = 'Get "https://registry.invalid/v2/": dial tcp: no such host'
PULLED = f" a Pulling \n a Error {NO_HOST}\nError response from daemon: {NO_HOST}\n"
BUILT = "#5 ERROR: process\n------\n > [a 2/2] RUN false:\n------\nfailed to solve: process did not complete\n"


class Project(ComposeProject):
    @property
    def config(self) -> Config:
        return {"services": {"a": {"image": "registry.invalid/a:1"}}}


@pytest.mark.parametrize(
    ("said", "kind", "sentence"),
    [
        (PULLED, ImageError, "image registry.invalid/a:1 of `a` cannot be pulled"),
        (BUILT, BuildError, "the image of `a` cannot be built"),
        ("failed to solve: nothing\n", BuildError, "an image cannot be built"),
        ("listen tcp 0.0.0.0:80: bind: address already in use\n", PortTakenError, "port 80 is taken"),
        ("Cannot connect to the Docker daemon\n", EngineError, "the Docker engine went away"),
        ("something else\n", StackError, "Docker could not start shop"),
    ],
)
def test_what_is_lacking_is_told(said: str, kind: type[StackError], sentence: str, tmp_path: Path) -> None:
    problem = start.problem_in(Project(tmp_path, "compose.yaml", "shop"), said)
    assert type(problem) is kind
    assert problem.sentence.startswith(sentence)
