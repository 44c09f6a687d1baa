"""What an image is built from: a copy of it, to be built, and changed, at will."""

import os
import secrets
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from checks.core.place import Place
from checks.subject import dockerfile, dockerignore
from checks.subject.compose_files import PROFILE_NAME
from checks.subject.configuration_texts import dockerfile_at
from checks.subject.dockerfile import Dockerfile
from checks.subject.left_out import ignoring
from checks.subject.lines import place_in
from checks.subject.plain_text import plain_text
from checks.subject.profile import Build
from checks.subject.roles import Role
from checks.subject.stack import Files
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
    stack: Files
    inline: str = ""  # the Dockerfile where the Compose file holds it, and it lies nowhere
    original: Path | None = None  # where the Dockerfile stands in the subject; None where it is inline

    @property
    def text(self) -> str:
        return self.inline or plain_text(self.dockerfile_path)

    @property
    def dockerfile_path(self) -> Path:
        return self.folder / self.build.dockerfile

    def dockerfile(self) -> Dockerfile:
        """The Dockerfile as it is built here; raises SubjectError where BuildKit would refuse it."""
        return dockerfile.read(self.text, self.arguments)

    def place(self, line: int) -> Place | None:
        """A line of the Dockerfile as a reader of the subject finds it; None where the Compose file holds it."""
        return place_in(self.original, self.stack.subject.directory, line) if self.original else None

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
def copied(stack: Files) -> Iterator[Sources]:
    """A copy of what the image of the api is built from, in the folder of the run."""
    build, arguments, inline = _recipe(stack)
    context = _there(build, inline)
    with tempfile.TemporaryDirectory(prefix=f"{stack.project.name}-", dir=stack.project.directory.parent) as parent:
        folder = Path(parent) / "context"
        _copy(context, folder, stack)
        original = None if inline else _original(context / build.dockerfile, stack)
        if inline or build.dockerfile.startswith(".."):
            build = replace(build, dockerfile=str(_put_beside(folder, context / build.dockerfile, inline)))
        yield Sources(folder=folder, build=build, arguments=arguments, stack=stack, original=original)


def in_place(files: Files) -> list[Sources]:
    """What the image of the api is built from, where it lies; of all that is built here, where the api is not told."""
    built = [name for name, spec in files.services.items() if "build" in spec]
    candidates = files.candidates(Role.API)
    if files.subject.build or not built:
        built = [*candidates, ""][:1]
    elif candidates:  # where none of them is built here, that of another service is none of theirs
        built = [name for name in built if name in candidates] or candidates[:1]
    found = []
    for service in built:
        build, arguments, inline = _recipe(files, service)
        folder = _there(build, inline)
        original = None if inline else _original(folder / build.dockerfile, files)
        found.append(
            Sources(folder=folder, build=build, arguments=arguments, stack=files, inline=inline, original=original)
        )
    return found


def _original(file: Path, stack: Files) -> Path:
    """Where a file of a copy of the subject stands in the subject itself."""
    copy, subject = stack.project.directory, stack.subject.directory
    return Path(os.path.normpath(subject / os.path.relpath(file, copy) if file.is_relative_to(copy) else file))


def _put_beside(folder: Path, file: Path, inline: str) -> Path:
    """A Dockerfile that does not lie in the context, put beside its copy, with its own ignore file."""
    path = folder.with_name("Dockerfile")
    path.write_text(inline or plain_text(file))
    ignored = dockerignore.beside(file)
    if not inline and ignored.is_file():
        dockerignore.beside(path).write_bytes(ignored.read_bytes())
    return path


def _there(build: Build, inline: str) -> Path:
    """The folder that is built from; raises SubjectError where it is not there, or its Dockerfile is not."""
    context = Path(build.context)
    file = context / build.dockerfile
    if not context.is_dir() or not (inline or file.is_file()):
        raise SubjectError(f"no {build.dockerfile} lies in {context}, from which the image of the api is built")
    if not inline and not file.resolve().is_relative_to(file.parent.resolve()):
        raise SubjectError(f"{file} is a link that leads out of its folder, which BuildKit does not follow")
    return context


def _recipe(stack: Files, service: str | None = None) -> tuple[Build, Mapping[str, str], str]:
    """What is built, with which arguments, and the Dockerfile where it lies in no file.

    As the profile says, seen from where the subject stands; else as the Compose file says.
    """
    if told := stack.subject.build:
        context = os.path.normpath(stack.subject.directory / told.context)
        return Build(context=context, dockerfile=told.dockerfile, target=told.target), {}, ""
    service = service or stack.roles[Role.API]
    spec = stack.project.config["services"][service].get("build")
    if not spec or "context" not in spec:
        raise SubjectError(
            f"what the image of service `{service}` is built from is not known",
            hint=f'say `build:` in the Compose file, or in {PROFILE_NAME}: [build] context = "../service"',
        )
    file = dockerfile_at(Path(spec["context"]), spec.get("dockerfile", "Dockerfile"))
    path = os.path.relpath(file, spec["context"])
    given = {name: str(value) for name, value in (spec.get("args") or {}).items() if value is not None}
    build = Build(context=spec["context"], dockerfile=path, target=spec.get("target", ""))
    return build, given, str(spec.get("dockerfile_inline") or "")


def _copy(context: Path, folder: Path, stack: Files) -> None:
    """Without what a copy of the stack starts without, where the context is the stack's own directory."""
    inside = context.is_relative_to(stack.project.directory) or context.is_relative_to(stack.subject.directory)
    left_out = (*NOT_COPIED, *(stack.subject.leave_out if inside else ()))
    try:
        shutil.copytree(context, folder, ignore=ignoring(*left_out), symlinks=True)
    except (OSError, shutil.Error) as problem:
        raise StackError(f"{context} could not be copied: {problem}") from problem
