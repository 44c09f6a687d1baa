"""axe-core, which tells what of a page people with a screen reader or a keyboard cannot use: one file from npm."""

from __future__ import annotations

import base64
import hashlib
import shutil
import subprocess
import tarfile
import tempfile
from pathlib import Path

PACKAGE = "axe-core@4.14.1"
INTEGRITY = "FHfa+lmNjQZfJz1q8wKqIDwC6DExcHt/pkjNQb09a3NPjCKg2rhu5qb2S4r76ASyFNNtuFooJpZe37OgudVGtQ=="  # sha512
FILE = "package/axe.min.js"
PATIENCE_SECONDS = 60
SCRIPT = "<script>{}</script>"


class UnavailableError(Exception):
    """It cannot be had here: its message says why."""


def script() -> str:
    """Its source; raises UnavailableError without npm or what it asks, ValueError where it is not what was locked."""
    if (npm := shutil.which("npm")) is None:
        raise UnavailableError("npm is not here")
    with tempfile.TemporaryDirectory() as folder:
        asked = [npm, "pack", PACKAGE, "--silent", "--ignore-scripts", f"--pack-destination={folder}"]
        try:
            subprocess.run(asked, cwd=folder, check=True, capture_output=True, timeout=PATIENCE_SECONDS)
        except (subprocess.SubprocessError, OSError) as problem:
            raise UnavailableError(f"npm cannot get {PACKAGE}: {type(problem).__name__}") from problem
        (packed,) = Path(folder).glob("*.tgz")
        return _source_in(packed)


def _source_in(packed: Path) -> str:
    found = base64.b64encode(hashlib.sha512(packed.read_bytes()).digest()).decode()
    if found != INTEGRITY:
        raise ValueError(f"{PACKAGE} is not what was locked: sha512-{found}")
    with tarfile.open(packed) as archive:
        member = archive.extractfile(FILE)
        if member is None:
            raise ValueError(f"{PACKAGE} has no {FILE}")
        return member.read().decode("utf-8")
