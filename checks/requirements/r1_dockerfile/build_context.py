"""What an image is built from: a copy of it, to be built, and changed, at will."""

import os
import secrets
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from checks.requirements.r1_dockerfile import dockerfile
from checks.requirements.r1_dockerfile.dockerfile import Dockerfile
from checks.subject.compose_files import PROFILE_NAME
from checks.subject.profile import Build
from checks.subject.roles import Role
from checks.subject.stack import Stack
from stack.driver.errors import StackError, SubjectError
from stack.driver.images import inspect, sources
from stack.driver.images.build import build_folder

NOT_COPIED = (".git", ".venv")  # large, and the first has a planted twin
PLANTED = (".env", ".git/config", "data/appendonly.aof", "id_rsa", "secrets/password")


@dataclass(frozen=True, kw_only=True)
class Built:
    """An image that was built here, and what the builder said."""

    reference: str
    said: str


@dataclass(frozen=True, kw_only=True)
class Sources:
    """The copy of a build context, and how it is built; images are named and labelled for the stack it was made for."""

    folder: Path
    build: Build
    arguments: Mapping[str, str]
    stack: Stack

    @property
    def text(self) -> str:
        return self.dockerfile_path.read_text(errors="replace")

    @property
    def dockerfile_path(self) -> Path:
        return self.folder / self.build.dockerfile

    def dockerfile(self) -> Dockerfile:
        """The Dockerfile as it is built here; raises SubjectError where BuildKit would refuse it."""
        return dockerfile.read(self.text, self.arguments)

    @contextmanager
    def built(self, *, no_cache: bool = False) -> Iterator[Built]:
        """An image of these sources, gone at the end whatever happens."""
        reference = f"{self.stack.project.name}-built-{secrets.token_hex(3)}:latest"
        given = self.dockerfile().arguments
        try:
            said = build_folder(
                self.folder, reference, dockerfile=self.build.dockerfile, target=self.build.target,
                arguments={**self.arguments, **sources.base_arguments(given)}, labels=self.stack.project.labels,
                no_cache=no_cache,
            )  # fmt: skip
            yield Built(reference=reference, said=said)
        finally:
            inspect.remove(reference)

    def plant(self) -> Mapping[str, bytes]:
        """Lay secrets and data of no worth where real ones are wont to lie, each with a text of its own to be found by.

        Every file is given the present time, as a new checkout would: nothing that is meant to enter a build changes.
        """
        planted = {name: f"canary-{secrets.token_hex(16)}\n".encode() for name in PLANTED}
        for name, content in planted.items():
            path = self.folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("ab") as file:
                file.write(content)
        for path in self.folder.rglob("*"):
            os.utime(path, follow_symlinks=False)
        return {name: content.strip() for name, content in planted.items()}


@contextmanager
def copied(stack: Stack) -> Iterator[Sources]:
    """A copy of what the image of the api is built from, in the folder of the run."""
    build, arguments = _recipe(stack)
    context = Path(build.context)
    if build.dockerfile.startswith("..") or not (context / build.dockerfile).is_file():
        raise SubjectError(f"no {build.dockerfile} lies in {context}, from which the image of the api is built")
    with tempfile.TemporaryDirectory(prefix=f"{stack.project.name}-", dir=stack.project.directory.parent) as parent:
        folder = Path(parent) / "context"
        _copy(context, folder, stack)
        yield Sources(folder=folder, build=build, arguments=arguments, stack=stack)


def _recipe(stack: Stack) -> tuple[Build, Mapping[str, str]]:
    """As the profile says, seen from where the subject stands; else as the Compose file says."""
    if told := stack.subject.build:
        context = os.path.normpath(stack.subject.directory / told.context)
        return Build(context=context, dockerfile=told.dockerfile, target=told.target), {}
    service = stack.roles[Role.API]
    spec = stack.project.config["services"][service].get("build")
    if not spec or "context" not in spec:
        raise SubjectError(
            f"what the image of service `{service}` is built from is not known",
            hint=f'say `build:` in the Compose file, or in {PROFILE_NAME}: [build] context = "../service"',
        )
    path = os.path.relpath(Path(spec["context"]) / spec.get("dockerfile", "Dockerfile"), spec["context"])
    given = {name: str(value) for name, value in (spec.get("args") or {}).items() if value is not None}
    return Build(context=spec["context"], dockerfile=path, target=spec.get("target", "")), given


def _copy(context: Path, folder: Path, stack: Stack) -> None:
    """Without what a copy of the stack starts without, where the context is the stack's own directory."""
    inside = context.is_relative_to(stack.project.directory) or context.is_relative_to(stack.subject.directory)
    left_out = (*NOT_COPIED, *(stack.subject.leave_out if inside else ()))
    try:
        shutil.copytree(context, folder, ignore=shutil.ignore_patterns(*left_out), symlinks=True)
    except (OSError, shutil.Error) as problem:
        raise StackError(f"{context} could not be copied: {problem}") from problem
