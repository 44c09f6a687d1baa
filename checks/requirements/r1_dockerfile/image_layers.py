"""The files of an image, layer by layer, as `docker save` gives them."""

import hashlib
import json
import re
import tarfile
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import IO

from stack.driver.errors import StackError
from stack.driver.images import inspect

GONE, ALL_GONE = ".wh.", ".wh..wh..opq"  # how a layer says that it removes a file, or all that a folder held
READ = re.compile(r"(?:^etc/passwd|\.dist-info/direct_url\.json)$")  # files whose text is looked at
NOTHING_SOUGHT: Mapping[str, bytes] = {}


@dataclass(frozen=True, kw_only=True)
class File:
    """What a layer says of a path. No times: a build sets those of what it makes, as documented (SOURCE_DATE_EPOCH)."""

    kind: str
    mode: int
    owner: str
    link: str
    attributes: tuple[str, ...]
    sha256: str
    size: int


@dataclass(frozen=True, kw_only=True)
class Layer:
    """What one layer adds or changes, the texts looked at, and {name of a thing sought: a file that holds it}."""

    files: Mapping[str, File]
    texts: Mapping[str, str]
    holding: Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class Saved:
    """An image by its reference, with its layers, the lowest first."""

    reference: str
    layers: tuple[Layer, ...]

    @cached_property
    def files(self) -> Mapping[str, File]:
        """What a container sees: each layer laid over those below."""
        seen: dict[str, File] = {}
        for layer in self.layers:
            _remove(seen, [path for path in layer.files if _is_mark(path)])
            seen |= {path: file for path, file in layer.files.items() if not _is_mark(path)}
        return seen

    def text(self, path: str) -> str:
        """The text of a file that is looked at; '' where a container sees none."""
        found = [layer.texts[path] for layer in self.layers if path in layer.texts]
        return found[-1] if found and path in self.files else ""


def saved(reference: str, sought: Mapping[str, bytes] = NOTHING_SOUGHT) -> Saved:
    """An image with all of its layers, every file in them searched for what is sought, {name: content}."""
    with tempfile.TemporaryDirectory() as folder:
        tar = Path(folder) / "image.tar"
        inspect.save(reference, tar)
        return Saved(reference=reference, layers=tuple(read(tar, sought)))


def read(tar: Path, sought: Mapping[str, bytes]) -> Iterator[Layer]:
    """The layers in a file that `docker save` made, the lowest first; raises StackError for any other file."""
    try:
        with tarfile.open(tar) as whole:
            (manifest,) = json.load(_member(whole, "manifest.json"))
            for name in manifest["Layers"]:
                with tarfile.open(fileobj=_member(whole, name)) as layer:
                    yield _layer(layer, sought)
    except (tarfile.TarError, ValueError, KeyError) as problem:
        raise StackError(f"what Docker saved of the image cannot be read: {problem}") from problem


def search(tar: Path, sought: Mapping[str, bytes]) -> Mapping[str, str]:
    """{name of a thing sought: path of a file that holds it}, for a tar of files."""
    with tarfile.open(tar) as files:
        return _layer(files, sought).holding


def _layer(tar: tarfile.TarFile, sought: Mapping[str, bytes]) -> Layer:
    files: dict[str, File] = {}
    texts: dict[str, str] = {}
    holding: dict[str, str] = {}
    for member in tar:
        path = member.name.removeprefix("./").rstrip("/")
        content = _member(tar, member).read() if member.isreg() else b""
        files[path] = _file(member, content)
        holding |= {name: path for name, thing in sought.items() if thing in content}
        if READ.search(path):
            texts[path] = content.decode(errors="replace")
    return Layer(files=files, texts=texts, holding=holding)


def _file(member: tarfile.TarInfo, content: bytes) -> File:
    attributes = {name: value for name, value in member.pax_headers.items() if name.startswith("SCHILY.xattr.")}
    return File(
        kind=member.type.decode(),
        mode=member.mode & 0o7777,
        owner=f"{member.uid}:{member.gid}",
        link=member.linkname,
        attributes=tuple(f"{name}={value}" for name, value in sorted(attributes.items())),
        sha256=hashlib.sha256(content).hexdigest() if member.isreg() else "",
        size=len(content),
    )


def _is_mark(path: str) -> bool:
    return PurePosixPath(path).name.startswith(GONE)


def _remove(seen: dict[str, File], marks: list[str]) -> None:
    for mark in map(PurePosixPath, marks):
        if mark.name == ALL_GONE:
            removed = {path for path in seen if path.startswith(f"{mark.parent}/")}
        else:
            whole = str(mark.with_name(mark.name.removeprefix(GONE)))
            removed = {path for path in seen if path == whole or path.startswith(f"{whole}/")}
        for path in removed:
            del seen[path]


def _member(tar: tarfile.TarFile, name: str | tarfile.TarInfo) -> IO[bytes]:
    found = tar.extractfile(name)
    if found is None:
        raise ValueError(f"{name} is no file")
    return found
