"""What the engine says of an image that is here."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from stack.driver import docker
from stack.driver.errors import ImageError, StackError
from stack.driver.images.bases import SOURCE_LABEL


@dataclass(frozen=True, kw_only=True)
class Image:
    """An image that is here: its digest (its id, where no registry knows it), and where it came from."""

    reference: str
    digest: str
    source: str


def inspect(reference: str) -> Mapping[str, Any]:
    """What `docker image inspect` says of an image."""
    found: list[Mapping[str, Any]] = json.loads(docker.ask("image", "inspect", reference))
    return found[0]


def history(reference: str) -> tuple[str, ...]:
    """What made each layer of an image, as whoever has the image may read it."""
    told = docker.ask("history", "--no-trunc", "--format", "{{json .CreatedBy}}", reference)
    return tuple(str(json.loads(line)) for line in told.splitlines())


def save(reference: str, tar: Path) -> None:
    """Write an image to a file with all its layers, as `docker save` does."""
    docker.ask("save", "--output", str(tar), reference)


def remove(reference: str) -> None:
    """Take the reference away, and the image with it if it has no other."""
    docker.ask("image", "rm", "--force", reference)


def look_at(references: Mapping[str, str]) -> dict[str, Image]:
    """{service: its image}, for {service: reference}; raises ImageError for one that is not here.

    Its own label tells where an image came from, else whether it has a registry's digest.
    """
    try:
        found = json.loads(docker.ask("image", "inspect", *references.values()))
    except StackError as problem:
        raise ImageError("not every image of the stack is here", details=problem.details) from problem
    pairs = zip(references.items(), found, strict=True)
    return {service: _image(reference, inspected) for (service, reference), inspected in pairs}


def _image(reference: str, inspected: Mapping[str, Any]) -> Image:
    labels = inspected["Config"].get("Labels") or {}
    digests = inspected.get("RepoDigests") or []
    source = labels.get(SOURCE_LABEL) or ("registry" if digests else "local")
    return Image(reference=reference, digest=digests[0] if digests else inspected["Id"], source=source)
