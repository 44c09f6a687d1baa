"""Runs in a helper container, alone: copies Redis' append-only file while it is written to, and puts a copy back.

Redis' manifest names the files that make up the data at any moment, and is replaced in one step (rename). So a copy is
whole if the manifest is the same before and after the files that it names were opened: what a rewrite removes from then
on can still be read, and what comes later is not in it. The Redis documentation (Persistence, "Backing up AOF
persistence") has rewrites switched off meanwhile, for which somebody would have to be allowed CONFIG SET.
"""

from __future__ import annotations

import ctypes
import hashlib
import io
import os
import re
import shutil
import sys
import tarfile
import time
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path, PurePath, PurePosixPath
from typing import IO

PART = rb"""("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|\S)"""
QUOTED = re.compile(PART)
WORD = re.compile(rb"(?:" + PART + rb")+")
ESCAPE = re.compile(rb"\\x([0-9a-fA-F]{2})|\\(.)", re.DOTALL)
ESCAPED = {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"b": b"\b", b"a": b"\a"}
PART_OF_SEVERAL = re.compile(r"\.\d+\.(?:base|incr)\.(?:aof|rdb)$")
OF_A_COPY = re.compile(r"(?i)(?<![a-z])(backups?|bak|old|copy|archives?|snapshots?)(?![a-z])|\d{4}-?\d\d-?\d\d")
SUMS = "SHA256SUMS"
TRIES = 20  # a rewrite may come in between, and then another one
PIECE = 2**20
UNFINISHED = ".restoring"  # beside the files, for as long as they are being put back
BEFORE = ".before-"  # in the name of a folder that was replaced
HERE, EXCHANGE = -100, 2  # AT_FDCWD and RENAME_EXCHANGE of renameat2(2)
LIBC = ctypes.CDLL(None, use_errno=True)


class AofCopyError(Exception):
    """What could not be done, in a sentence."""


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
        single = "".join(f" ({path} is of a Redis before 7: copy it while that is stopped)" for path in live(folders))
        raise AofCopyError(f"no append-only file with a manifest is in {', '.join(map(str, folders))}{single}")
    with ExitStack() as cleanup, tarfile.open(fileobj=out, mode="w|") as tar:
        copies = {name: Copy(file) for name, file in opened(manifest, cleanup).items()}
        for name, copy in copies.items():
            tar.addfile(member(f"{manifest.parent.name}/{name}", copy.size), copy)  # type: ignore[arg-type]  # reads it
        sums = "".join(f"{copy.digest.hexdigest()}  {name}\n" for name, copy in copies.items()).encode()
        tar.addfile(member(SUMS, len(sums)), io.BytesIO(sums))


def opened(manifest: Path, cleanup: ExitStack) -> dict[str, IO[bytes]]:
    """The manifest and each file that it names, all of one moment."""
    missing: dict[bytes, str] = {}
    for _ in range(TRIES):
        text = manifest.read_bytes()
        if not named_in(text):
            raise AofCopyError(f"{manifest} names no file")
        try:
            files = {name: cleanup.enter_context((manifest.parent / name).open("rb")) for name in named_in(text)}
        except FileNotFoundError as problem:
            if text in missing:  # a rewrite would have replaced the manifest first
                raise AofCopyError(f"{problem.filename} is not there, and {manifest} names it") from problem
            missing[text] = problem.filename
        else:
            if manifest.read_bytes() == text:
                return {manifest.name: io.BytesIO(text), **files}
    raise AofCopyError(f"what {manifest} names did not stay for as long as it takes to open it")


def put_back(folders: Sequence[Path], given: IO[bytes]) -> Path | None:
    """Put what a tar of `take` holds in place of the append-only file, in one step and once all of it is whole.

    What was there stays beside it, whatever it was: gives that folder, and None where there was nothing.
    """
    manifest = manifest_below(folders)
    if manifest is None and len(folders) != 1:
        raise AofCopyError(f"which of {', '.join(map(str, folders))} is Redis' data directory? None holds its files")
    home = manifest.parent.parent if manifest else folders[0]
    unfinished = home / UNFINISHED
    shutil.rmtree(unfinished, ignore_errors=True)  # of one that was killed
    unfinished.mkdir(mode=0o700)
    try:
        place = home / read(given, unfinished)
        if manifest and manifest.parent != place:
            raise AofCopyError(
                f"the backup is of a `{place.name}`, and Redis has its files in `{manifest.parent.name}`"
            )
        made_like(place if place.exists() else home, unfinished)
        kept = into_place(unfinished, place)
        fsync(home)
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)
    return kept


def into_place(folder: Path, place: Path) -> Path | None:
    """Have a folder in this place from one moment to the next; gives where that is which was there."""
    if not place.exists():
        folder.rename(place)
        return None
    kept = place.with_name(f"{place.name}{BEFORE}{time.strftime('%Y%m%dT%H%M%SZ', time.gmtime())}")
    folder.rename(kept)
    try:
        exchange(kept, place)
    except OSError:
        kept.rename(folder)
        raise
    return kept


def exchange(one: Path, other: Path) -> None:
    """Have two folders change names: at no moment is either name without one. Raises OSError where that cannot be."""
    if LIBC.renameat2(HERE, os.fsencode(one), HERE, os.fsencode(other), EXCHANGE) != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{other} cannot be replaced: {os.strerror(number)}")


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
                elif not is_place(path) or folder not in ("", path.parts[0]):
                    raise DamagedError(f"`{one.name}` is in no place of an append-only file")
                else:
                    folder, name = path.parts
                    digests[name], text = received(content, into / name if into else None, keep=is_manifest(path))
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
    """Redis' manifest, the one nearest the top: copies lie deeper, or in a folder that is named for one.

    Raises AofCopyError where there are several.
    """
    below = [(path, path.relative_to(folder)) for folder in folders for path in sorted(folder.glob("**/*.manifest"))]
    every = {path: inside.parts for path, inside in below if is_manifest(path)}
    seen = {path: parts for path, parts in every.items() if not OF_A_COPY.search("/".join(parts[:-1]))} or every
    found = [path for path, parts in seen.items() if len(parts) == min(map(len, seen.values()))]
    if len(found) > 1:
        raise AofCopyError(f"which one is Redis' append-only file? {', '.join(map(str, found))}")
    return found[0] if found else None


def live(folders: Sequence[Path]) -> list[Path]:
    """The files that make up Redis' append-only file: its manifest and what that names, or the single one of before 7.

    A single one lies in the data directory itself, and whatever lies in a folder below it is a copy. Raises
    AofCopyError where there are several, of which one may be a backup.
    """
    if manifest := manifest_below(folders):
        return [manifest, *(manifest.parent / name for name in named_in(manifest.read_bytes()))]
    single = [path for folder in folders for path in sorted(folder.glob("*.aof")) if is_single(path)]
    if len(single) > 1:
        raise AofCopyError(f"which one is Redis' append-only file? {', '.join(map(str, single))}")
    return single


def is_single(path: Path) -> bool:
    """Whether a file is one of before Redis 7: neither part of a newer one, nor half rewritten (temp-rewriteaof-*)."""
    return path.is_file() and not path.name.startswith("temp-") and not PART_OF_SEVERAL.search(path.name)


def is_manifest(path: PurePath) -> bool:
    """Whether a path is that of a manifest in use: neither half written, nor of data that were or will be replaced."""
    folder = path.parent.name
    in_use = folder != UNFINISHED and BEFORE not in folder
    return in_use and path.name.endswith(".manifest") and not path.name.startswith("temp-")


def is_place(path: PurePosixPath) -> bool:
    """Whether a path is that of a file in a folder that Redis may have."""
    return len(path.parts) == 2 and not path.is_absolute() and not any(part.startswith(".") for part in path.parts)


def named_in(manifest: bytes, kinds: str = "bi") -> list[str]:
    """The files of these kinds, b for the base and i for changes since, as they are called on the disk.

    A line is pairs of a key and its value (aof.c: aofLoadManifestFromFile).
    """
    lines = [words_of(line) for line in manifest.splitlines() if not line.startswith(b"#")]
    pairs = [dict(zip(map(bytes.lower, words[::2]), words[1::2], strict=False)) for words in lines]
    wanted = [one[b"file"] for one in pairs if b"file" in one and one.get(b"type", b"").decode() in tuple(kinds)]
    return [name.decode("utf-8", "surrogateescape") for name in wanted]


def words_of(line: bytes) -> list[bytes]:
    """The words of a line as Redis splits it (sds.c: sdssplitargs): some may be in quotes, with escapes in them."""
    return [b"".join(map(unquoted, QUOTED.findall(word[0]))) for word in WORD.finditer(line)]


def unquoted(part: bytes) -> bytes:
    if len(part) < len(b'""'):
        return part
    if part.startswith(b"'"):
        return part[1:-1].replace(b"\\'", b"'")
    return ESCAPE.sub(lambda found: bytes.fromhex(found[1].decode()) if found[1] else escaped(found[2]), part[1:-1])


def escaped(letter: bytes) -> bytes:
    return ESCAPED.get(letter, letter)


def member(name: str, size: int) -> tarfile.TarInfo:
    found = tarfile.TarInfo(name)
    found.size, found.mode = size, 0o600
    return found


def made_like(model: Path, folder: Path) -> None:
    """Give a folder and its files owner and mode of another, on the disk."""
    like = model.stat()
    for path in (*folder.iterdir(), folder):
        os.chown(path, like.st_uid, like.st_gid)
        path.chmod(like.st_mode & (0o777 if path == folder else 0o666))
    fsync(folder)


def fsync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    os.fsync(descriptor)
    os.close(descriptor)


def main(command: str, *folders: str) -> int:
    """Take a copy to stdout, or put one from stdin back and print what was there; 1 with a sentence where it cannot."""
    places = [place for place in map(Path, folders) if place.is_dir()]
    try:
        if command == "take":
            take(places, sys.stdout.buffer)
        else:
            print(put_back(places, sys.stdin.buffer) or "")
    except (AofCopyError, OSError) as problem:
        print(problem, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
