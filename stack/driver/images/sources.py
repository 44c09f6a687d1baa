"""Where a base image comes from: already here, a registry, or distribution packages."""

from __future__ import annotations

import os
import subprocess
import threading
import time
from collections.abc import Mapping
from pathlib import Path

from stack.driver import debian, docker
from stack.driver.docker import from_docker
from stack.driver.errors import ImageError, last_lines
from stack.driver.images.bases import BASES, EVERY_SOURCE, SOURCE_LABEL, Base, Source
from stack.driver.progress import Progress

REGISTRY_SECONDS = 5.0  # the time a registry has to name the image; pulling then takes what it takes


def chosen(text: str = "") -> tuple[Source, ...]:
    """The sources named in `text`, else in IMAGE_SOURCES, else all of them."""
    wanted = text or os.environ.get("IMAGE_SOURCES", "")
    return sources_from(wanted) if wanted else EVERY_SOURCE


def sources_from(text: str) -> tuple[Source, ...]:
    """'registry,packages' as sources in that order; raises ImageError for a word that names none."""
    words = [word.strip() for word in text.split(",") if word.strip()]
    unknown = [word for word in words if word not in set(EVERY_SOURCE)]
    if unknown or not words:
        raise ImageError(
            f"{unknown[0] if unknown else 'nothing'!r} is no image source",
            hint=f"name one or more of {', '.join(EVERY_SOURCE)}, separated by commas",
        )
    return tuple(Source(word) for word in words)


def provide_bases(
    wanted: tuple[Base, ...], progress: Progress, sources: tuple[Source, ...] = EVERY_SOURCE
) -> dict[Base, str]:
    """{base: reference that is here now}, each from the first source that has it."""
    found: dict[Base, str] = {}
    why: tuple[str, ...] = ()
    for source in sources:
        missing = tuple(base for base in wanted if base not in found)
        if not missing:
            break
        match source:
            case Source.LOCAL:
                found |= _already_here(missing, progress)
            case Source.REGISTRY:
                pulled, why = _pull_all(missing, progress)
                found |= pulled
            case Source.PACKAGES:
                found |= _make_all(missing, progress)
    for base in wanted:
        if base not in found:
            raise ImageError(
                f"image {base.official} is not to be had from: {', '.join(sources)}",
                details=why,
                hint="allow another source, e.g. `invoke images --sources packages`",
            )
    return found


def base_arguments(arguments: Mapping[str, str]) -> dict[str, str]:
    """{build argument: reference that is here} of each that names a base which this project can provide."""
    wanted = {name: base for name, value in arguments.items() for base in BASES if base.official == value}
    if not wanted:
        return {}
    with Progress() as progress:
        found = provide_bases(tuple(dict.fromkeys(wanted.values())), progress)
    return {name: found[base] for name, base in wanted.items()}


def _already_here(wanted: tuple[Base, ...], progress: Progress) -> dict[Base, str]:
    found, here = {}, found_here()
    for base in wanted:
        for reference in (base.official, base.packaged):
            if base not in found and reference in here:
                progress.show(base.official, f"here, as {reference}" if reference != base.official else "here")
                found[base] = reference
    return found


def found_here() -> dict[str, str]:
    """{reference: id} of every image that the engine has."""
    listed = docker.ask("image", "ls", "--no-trunc", "--format", "{{.Repository}}:{{.Tag}} {{.ID}}")
    return dict(line.split(" ", 1) for line in listed.splitlines())


def _pull_all(wanted: tuple[Base, ...], progress: Progress) -> tuple[dict[Base, str], tuple[str, ...]]:
    """What the registry had, and what it said where it had nothing; one that does not answer is asked once."""
    found: dict[Base, str] = {}
    said: tuple[str, ...] = ()
    for base in wanted:
        progress.show(base.official, "asking the registry")
        answered, said = _pull(base.official, progress)
        if said:
            progress.show(base.official, "not from a registry")
        else:
            progress.show(base.official, "pulled")
            found[base] = base.official
        if not answered:
            break
    return found, said


def _pull(reference: str, progress: Progress) -> tuple[bool, tuple[str, ...]]:
    """(did the registry answer?, what went wrong). Runs the docker command itself, to be able to give up on it."""
    with subprocess.Popen(
        ["docker", "pull", reference], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as pull:
        deadline = threading.Timer(REGISTRY_SECONDS, pull.kill)
        deadline.start()
        said: list[str] = []
        answered = False
        try:
            for line in pull.stdout or ():
                said.append(line.strip())
                if "Pulling from" in line:
                    answered = True
                    deadline.cancel()
                    progress.show(reference, "pulling")
        finally:
            deadline.cancel()
            if pull.poll() is None:
                pull.terminate()
    if pull.returncode == 0:
        return True, ()
    refused = any(word in " ".join(said) for word in ("manifest unknown", "not found", "denied", "toomanyrequests"))
    return answered or refused, last_lines("\n".join(said)) or (f"no answer within {REGISTRY_SECONDS:.0f} s",)


def _make_all(wanted: tuple[Base, ...], progress: Progress) -> dict[Base, str]:
    """Root file systems made side by side (cached ones as they are), then imported."""
    targets = {base: cached(base) for base in wanted}
    missing = {base: target for base, target in targets.items() if not target.exists()}
    if missing:
        debian.require_mmdebstrap(progress.say)
        _make_roots(missing, progress)
    return {base: _import(base, target, progress) for base, target in targets.items()}


def cached(base: Base) -> Path:
    return debian.cached_root(base.packaged.split(":")[0], base.recipe)


def _make_roots(missing: dict[Base, Path], progress: Progress) -> None:
    making = {base: debian.start_making(target, base.recipe) for base, target in missing.items()}
    for base in making:
        progress.show(base.official, f"building from Debian {debian.ROOT_RELEASE} packages")
    waiting = dict(making)
    try:
        while waiting:
            for base in [base for base, process in waiting.items() if process.poll() is not None]:
                debian.settle(missing[base], waiting.pop(base))
                progress.show(base.official, "root file system made")
            time.sleep(0.1)
    finally:
        for base, process in waiting.items():
            debian.abandon(missing[base], process)


def _import(base: Base, root: Path, progress: Progress) -> str:
    progress.show(base.official, f"importing as {base.packaged}")
    labels = {
        SOURCE_LABEL: f"Debian {debian.ROOT_RELEASE} packages: {' '.join(base.recipe.packages)}",
        "org.opencontainers.image.title": base.packaged.split(":")[0],
        "org.opencontainers.image.version": base.packaged.split(":")[1],
    }
    changes = [f'LABEL {name}="{value}"' for name, value in labels.items()]
    try:
        docker.DockerClient().image.import_(root, tag=base.packaged, changes=changes)
    except docker.DockerException as problem:
        raise from_docker(problem, f"import {base.packaged}") from problem
    progress.show(base.official, f"built from packages, as {base.packaged}")
    return base.packaged
