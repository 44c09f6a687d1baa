"""Copy Redis' append-only file out of its container, and put one back."""

from __future__ import annotations

import subprocess
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import IO

from stack.driver.docker import from_words
from stack.driver.helper import python_image
from stack.driver.labels import Labels, options
from stack.ops.agents import aof_archive

AOF_COPY = Path(aof_archive.__file__).read_text()


def copy_append_only_file(labels: Labels, container: str, folders: Sequence[str], out: IO[bytes]) -> None:
    """Write a tar of the append-only file below folders that a container has mounted (see aof_copy) to a file."""
    _piped(labels, "copy Redis' append-only file", f"{container}:ro", ("take", *folders), stdout=out)


def put_append_only_file_back(labels: Labels, container: str, folders: Sequence[str], given: IO[bytes]) -> str:
    """Replace it by that of such a tar; gives where what was there is kept, as the container sees it, or ''.

    Raises StackError where it could not be, and what was there stays.
    """
    said = _piped(labels, "put an append-only file back", container, ("put_back", *folders), stdin=given)
    return said.decode().strip()


def _piped(
    labels: Labels,
    doing: str,
    volumes_from: str,
    arguments: Iterable[str],
    stdin: IO[bytes] | int = subprocess.DEVNULL,
    stdout: IO[bytes] | int = subprocess.PIPE,
) -> bytes:
    """aof_copy in a helper container, on files of this machine: python-on-whales has only text for that."""
    command = (
        "docker", "run", "--interactive", "--rm", *options(labels), "--network", "none", "--read-only",
        "--log-driver", "none",  # the data are nobody's log
        "--cap-drop", "ALL", "--cap-add", "DAC_OVERRIDE", "--cap-add", "CHOWN", "--cap-add", "FOWNER",
        "--volumes-from", volumes_from, python_image(), "python3", "-I", "-S", "-c", AOF_COPY, *arguments,
    )  # fmt: skip
    done = subprocess.run(command, stdin=stdin, stdout=stdout, stderr=subprocess.PIPE, check=False)
    if done.returncode != 0:
        raise from_words(done.stderr.decode(errors="replace"), doing)
    return done.stdout or b""
