"""What a service is given to read, read where it lies: files that its Compose file mounts, or its Dockerfile copies."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from checks.core.place import Place
from checks.subject.image_recipe import recipe_of
from checks.subject.lines import place_in
from checks.subject.plain_text import plain_text
from checks.subject.stack import Files
from stack.driver.errors import SubjectError
from stack.driver.project import Config

SECRETS = PurePosixPath("/run/secrets")


def place_at(files: Files, service: str, path: str, line: int | None = None) -> Place | None:
    """A line of a file that the service is given, as a reader of the subject finds it; None for what is in no file."""
    for source in _sources(files, service, path):
        if isinstance(source, Path):
            copy, subject = files.project.directory, files.subject.directory
            original = subject / source.relative_to(copy) if source.is_relative_to(copy) else source
            return place_in(original, subject, line)
    return None


def text_at(files: Files, service: str, path: str) -> str:
    """The text of a file as the service would see it; raises SubjectError for one that is not given to it from here."""
    for source in _sources(files, service, path):
        return source if isinstance(source, str) else _read(files, source, f"{path}, which `{service}` reads,")
    raise SubjectError(f"{path}, which `{service}` reads, is not mounted: it is in the image, or made at the start")


def _sources(files: Files, service: str, path: str) -> Iterator[Path | str]:
    """The file here, or its text, that the service finds at a path; what is mounted lies over what its image has."""
    given = [one for one in _given(files.project.config, service) if PurePosixPath(path).is_relative_to(one[0])]
    if given:
        target, source = max(given, key=lambda one: len(one[0].parts))  # what lies deeper lies over the others
        if source is not None:
            yield source if isinstance(source, str) else source / PurePosixPath(path).relative_to(target)
        if source is not None or len(given) > 1:
            return
    recipe = recipe_of(files.services[service])
    if recipe and (file := recipe.source_of(path)):
        yield file


def _given(config: Config, service: str) -> Iterator[tuple[PurePosixPath, Path | str | None]]:
    """(where it is in the container, where it lies here, or its text; None for what only the engine knows)."""
    spec = config["services"][service]
    yield from ((PurePosixPath(str(told).partition(":")[0]), None) for told in spec.get("tmpfs") or ())
    for mount in spec.get("volumes") or ():
        if mount["type"] == "bind":
            yield PurePosixPath(mount["target"]), Path(mount["source"])
        else:
            yield PurePosixPath(mount["target"]), None
    for kind, folder in (("secrets", SECRETS), ("configs", PurePosixPath("/"))):
        for one in spec.get(kind) or ():
            told = (config.get(kind) or {}).get(one["source"]) or {}
            target = folder / (one.get("target") or one["source"])
            if "content" in told:
                yield target, str(told["content"])
            elif "file" in told:
                yield target, Path(told["file"])


def _read(files: Files, file: Path, called: str) -> str:
    try:
        return plain_text(file)
    except OSError as problem:
        hint = "what `prepare` of the profile makes is not there yet" if files.unprepared else ""
        raise SubjectError(f"{called} cannot be read: {problem.strerror}", hint=hint) from problem
