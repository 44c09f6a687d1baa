"""Redis' append-only file: the files that its manifest names, and the records in them (RESP arrays, one a command)."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath

from stack.driver.errors import StackError
from stack.ops.agents.aof_archive import is_manifest, named_in

ANNOTATION = re.compile(rb"#[^\r\n]*\r\n")  # a time, with `aof-timestamp-enabled`
ARRAY = re.compile(rb"\*(\d+)\r\n")
WORD = re.compile(rb"\$(\d+)\r\n")
END = b"\r\n"


@dataclass(frozen=True, kw_only=True)
class Record:
    """A command as it stands in a file; `frames` are the places of each word's `$`."""

    words: tuple[bytes, ...]
    frames: tuple[int, ...]
    end: int

    @property
    def command(self) -> str:
        return self.words[0].decode(errors="replace").upper() if self.words else ""


def changes(files: Mapping[str, bytes]) -> dict[str, bytes]:
    """The files that hold single changes, in the order in which Redis reads them: the last one is written to.

    Raises StackError where no manifest names any.
    """
    for path, text in files.items():
        manifest = PurePosixPath(path)
        if is_manifest(manifest):
            named = [str(manifest.with_name(name)) for name in named_in(text, "i")]
            if named and set(named) <= set(files):
                return {name: files[name] for name in named}
    raise StackError("the manifest of an append-only file that names its changes is not in Redis' data directory")


def records(data: bytes) -> Iterator[Record]:
    """The whole records of a file; the last one may be torn, or just being written.

    Raises StackError for what is none, so that nothing behind it is passed over.
    """
    at = 0
    while (record := _record(data, at)) is not None:
        yield record
        at = record.end


def _record(data: bytes, at: int) -> Record | None:
    while note := ANNOTATION.match(data, at):
        at = note.end()
    if (head := _line(ARRAY, data, at)) is None:
        return None
    words, frames, at = [], [], head.end()
    for _ in range(int(head[1])):
        frame = _line(WORD, data, at)
        if frame is None or (end := frame.end() + int(frame[1])) + len(END) > len(data):
            return None
        words.append(data[frame.end() : end])
        frames.append(frame.start())
        at = end + len(END)
    return Record(words=tuple(words), frames=tuple(frames), end=at)


def _line(pattern: re.Pattern[bytes], data: bytes, at: int) -> re.Match[bytes] | None:
    """The line at this place; None where the file ends in the middle of it."""
    found = pattern.match(data, at)
    if found is None and END in data[at:]:
        raise StackError(f"the append-only file holds no record at byte {at}")
    return found
