"""What a run depends on beside the engine: the subject's files, our own version and what is locked, each by a digest.

They stand in `run.json`, and so in what SHA256SUMS covers: who has the folder can tell which files were judged.
"""

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path

from checks.core.version import version
from checks.subject.left_out import is_left_out, is_named
from checks.subject.profile import LEFT_OUT_ALWAYS, Subject
from stack import ROOT

MOST_BYTES = 1 << 28  # of a subject; reading more would take longer than judging what it declares
LOCK = "requirements.lock"


def inputs_of(subject: Subject) -> dict[str, str]:
    """{what: its version or digest}."""
    lock = ROOT / LOCK
    return {
        "subject": tree_digest(subject.directory, (*LEFT_OUT_ALWAYS, *subject.leave_out)),
        "version": version(),
        "checks": tree_digest(ROOT / "checks", LEFT_OUT_ALWAYS),
        "driver": tree_digest(ROOT / "stack" / "driver", LEFT_OUT_ALWAYS),
        LOCK: f"sha256:{hashlib.sha256(lock.read_bytes()).hexdigest()}" if lock.is_file() else "none",
    }


def tree_digest(folder: Path, left_out: tuple[str, ...] = ()) -> str:
    """One SHA-256 over the name, the kind, whether it may be executed, and the content of each file below a folder."""
    whole, read = hashlib.sha256(), 0
    for path in _files(folder, left_out):
        content, size = content_of(path)
        read += size
        if read > MOST_BYTES:
            return f"none: more than {MOST_BYTES >> 20} MB"
        whole.update(f"{path.relative_to(folder).as_posix()!r} {content}\n".encode(errors="surrogateescape"))
    return f"sha256:{whole.hexdigest()}"


def _files(folder: Path, left_out: tuple[str, ...]) -> Iterator[Path]:
    """In the order of their names, whatever the file system says."""
    for found, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not is_left_out(Path(found, name), left_out))
        links = [name for name in folders if Path(found, name).is_symlink()]
        yield from (Path(found, name) for name in sorted({*names, *links}) if not is_named(name, left_out))


def content_of(path: Path) -> tuple[str, int]:
    """What is in it, and how many bytes were read for that; of a link where it leads, of what is no file its kind."""
    if path.is_symlink():
        return f"link {str(path.readlink())!r}", 0
    if not path.is_file():
        return "no file", 0
    size = path.stat().st_size
    if size > MOST_BYTES:
        return "", size
    kind = "program" if os.access(path, os.X_OK) and path.stat().st_mode & 0o111 else "file"
    return f"{kind} {hashlib.sha256(path.read_bytes()).hexdigest()}", size
