"""Runs in a helper container, alone: copies Redis' append-only file while it is written to, and puts a copy back.

Redis' manifest names the files that make up the data at any moment, and is replaced in one step (rename). So a copy is
whole if the manifest is the same before and after the files that it names were opened: what a rewrite removes from then
on can still be read, and what comes later is not in it. The Redis documentation (Persistence, "Backing up AOF
persistence") has rewrites switched off meanwhile, for which somebody would have to be allowed CONFIG SET.
"""

from __future__ import annotations

import hashlib
import io
import os
import re
import shutil
import sys
import tarfile
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path, PurePosixPath
from typing import IO

NAMED = re.compile(r"^file (\S+) seq \d+ type [bi]\b", re.MULTILINE)  # the lines for the base and for changes since
SUMS = "SHA256SUMS"
TRIES = 20  # a rewrite may come in between, and then another one
PIECE = 2**20
LEFT = UNFINISHED, REPLACED = ".restoring", ".replaced"  # beside the files, for as long as they are being put back
NOTHING = 3  # exit code


class AofCopyError(Exception):
    """What could not be done, in a sentence."""


class NothingError(AofCopyError):
    """There is no append-only file."""


class DamagedError(AofCopyError):
    """A backup is none, or not whole."""


class Copy:
    """A file as long as it is now, whatever is appended to it meanwhile; its digest as far as it was read."""

    def __init__(self, file: IO[bytes]) -> None:
        self.size = file.seek(0, io.SEEK_END)
        file.seek(0)
        self.digest = hashlib.sha256()
        self._file, self._left = file, self.size

    def read(self, count: int) -> bytes:
        piece = self._file.read(min(count, self._left))
        self._left -= len(piece)
        self.digest.update(piece)
        return piece


def take(folders: Sequence[Path], out: IO[bytes]) -> None:
    """Write the append-only file that is below one of these folders as a tar, the digests of its files at the end."""
    if (manifest := manifest_below(folders)) is None:
        raise NothingError(f"no append-only file is in {', '.join(map(str, folders))}")
    with ExitStack() as cleanup, tarfile.open(fileobj=out, mode="w|") as tar:
        copies = {name: Copy(file) for name, file in opened(manifest, cleanup).items()}
        for name, copy in copies.items():
            tar.addfile(member(f"{manifest.parent.name}/{name}", copy.size), copy)  # type: ignore[arg-type]  # reads it
        sums = "".join(f"{copy.digest.hexdigest()}  {name}\n" for name, copy in copies.items()).encode()
        tar.addfile(member(SUMS, len(sums)), io.BytesIO(sums))


def opened(manifest: Path, cleanup: ExitStack) -> dict[str, IO[bytes]]:
    """The manifest and each file that it names, all of one moment."""
    for _ in range(TRIES):
        text = manifest.read_bytes()
        try:
            files = {name: cleanup.enter_context((manifest.parent / name).open("rb")) for name in named_in(text)}
        except FileNotFoundError:  # a rewrite has just replaced it
            continue
        if manifest.read_bytes() == text:
            return {manifest.name: io.BytesIO(text), **files}
    raise AofCopyError(f"what {manifest} names did not stay for as long as it takes to open it")


def put_back(folders: Sequence[Path], given: IO[bytes]) -> None:
    """Replace the append-only file by what a tar of `take` holds: in one of the last steps, once all of it is whole."""
    manifest = manifest_below(folders)
    if manifest is None and len(folders) != 1:
        raise AofCopyError(f"which of {', '.join(map(str, folders))} is Redis' data directory? None holds its files")
    home = manifest.parent.parent if manifest else folders[0]
    unfinished, replaced = home / UNFINISHED, home / REPLACED
    shutil.rmtree(unfinished, ignore_errors=True)  # of one that was killed
    unfinished.mkdir(mode=0o700)
    try:
        place = home / read(given, unfinished)
        if manifest and manifest.parent != place:
            raise AofCopyError(
                f"the backup is of a `{place.name}`, and Redis has its files in `{manifest.parent.name}`"
            )
        belongs_to(home.stat(), unfinished)
        if place.exists():
            shutil.rmtree(replaced, ignore_errors=True)
            place.rename(replaced)
        unfinished.rename(place)
        fsync(home)
        shutil.rmtree(replaced, ignore_errors=True)
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)


def read(given: IO[bytes], into: Path | None = None) -> str:
    """Read a tar of `take` to its end, into a folder if told so, and give the name of the folder that it holds.

    Raises DamagedError for one that is not whole.
    """
    digests: dict[str, str] = {}
    manifest, sums, folder = b"", b"", ""
    try:
        with tarfile.open(fileobj=given, mode="r|") as tar:
            for one in tar:
                content, path = tar.extractfile(one), PurePosixPath(one.name)
                if content is None:
                    raise DamagedError(f"`{one.name}` is no file")
                if one.name == SUMS:
                    sums = content.read()
                elif len(path.parts) != 2 or ".." in path.parts or folder not in ("", path.parts[0]):
                    raise DamagedError(f"`{one.name}` is in no place of an append-only file")
                else:
                    folder, name = path.parts
                    digests[name], text = received(content, into / name if into else None, keep=is_manifest(name))
                    manifest += text
    except tarfile.TarError as problem:
        raise DamagedError(str(problem)) from problem
    if sums.decode(errors="replace").splitlines() != [f"{digest}  {name}" for name, digest in digests.items()]:
        raise DamagedError("its files are not those that it was made of" if sums else "it breaks off")
    if not named_in(manifest) or not set(named_in(manifest)) <= set(digests):
        raise DamagedError("a file is missing that its manifest names")
    return folder


def received(content: IO[bytes], file: Path | None, *, keep: bool) -> tuple[str, bytes]:
    """Read to the end, into a file if told so; gives the digest, and all of it if it is to be kept."""
    digest, kept = hashlib.sha256(), b""
    with (file or Path(os.devnull)).open("wb") as out:
        while piece := content.read(PIECE):
            digest.update(piece)
            out.write(piece)
            kept += piece if keep else b""
        out.flush()
        if file:
            os.fsync(out.fileno())
    return digest.hexdigest(), kept


def manifest_below(folders: Sequence[Path]) -> Path | None:
    """Redis' manifest; raises AofCopyError where there are several."""
    every = {path for folder in folders for path in folder.glob("**/*.manifest") if is_manifest(path.name)}
    found = sorted(path for path in every if path.parent.name not in LEFT)
    if len(found) > 1:
        raise AofCopyError(f"which one is Redis' append-only file? {', '.join(map(str, found))}")
    return found[0] if found else None


def is_manifest(name: str) -> bool:
    return name.endswith(".manifest") and not name.startswith("temp-")


def named_in(manifest: bytes) -> list[str]:
    return NAMED.findall(manifest.decode(errors="replace"))


def member(name: str, size: int) -> tarfile.TarInfo:
    found = tarfile.TarInfo(name)
    found.size, found.mode = size, 0o600
    return found


def belongs_to(owner: os.stat_result, folder: Path) -> None:
    """Give a folder and its files to an owner, on the disk."""
    for path in (*folder.iterdir(), folder):
        os.chown(path, owner.st_uid, owner.st_gid)
    fsync(folder)


def fsync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    os.fsync(descriptor)
    os.close(descriptor)


def main(command: str, *folders: str) -> int:
    """Take a copy to stdout, or put one from stdin back; 1, or 3 if there is none, with a sentence."""
    places = [place for place in map(Path, folders) if place.is_dir()]
    try:
        take(places, sys.stdout.buffer) if command == "take" else put_back(places, sys.stdin.buffer)
    except (AofCopyError, OSError) as problem:
        print(problem, file=sys.stderr)
        return NOTHING if isinstance(problem, NothingError) else 1
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
