"""`docker compose config` within bounds: what a stranger's file unfolds to may be larger than this machine.

A YAML bomb of nine levels took it 4 GB and 279 s. The shipped stack takes 128 MB and 0.1 s of CPU, 10,000 services 5 s.
"""

from __future__ import annotations

import os
import re
import signal
import tempfile
from collections.abc import Mapping
from pathlib import Path

from stack.driver import docker, timed
from stack.driver.errors import EngineError, StackError, SubjectError

FILE_BYTES = 4 << 20  # of a Compose file as it lies there
MEMORY_BYTES = 512 << 20
CPU_SECONDS = 20
SECONDS = 120.0  # by the clock, on a machine however busy
ANSWER_BYTES = 16 << 20
WITHIN = ("prlimit", f"--data={MEMORY_BYTES}", f"--cpu={CPU_SECONDS}", f"--fsize={ANSWER_BYTES}", "--core=0")
FROM_HERE_ONLY = {"COMPOSE_EXPERIMENTAL_GIT_REMOTE": "false", "COMPOSE_EXPERIMENTAL_OCI_REMOTE": "false"}
ENDED = {-signal.SIGKILL, -signal.SIGXCPU, -signal.SIGXFSZ, 255, 2}  # without a word: by the kernel, or Go's runtime
NO_ROOM = re.compile(r"out of memory|cannot allocate memory|file too large|file size limit", re.IGNORECASE)
NOT_THERE = 127
WARNING = "level=warning"
TOO_MUCH = (
    f"over {CPU_SECONDS} s of CPU, {SECONDS:.0f} s, {MEMORY_BYTES >> 20} MB or an answer of {ANSWER_BYTES >> 20} MB"
)


def ask(*words: str, files: tuple[Path, ...] = (), environment: Mapping[str, str] | None = None) -> str:
    """What the docker command answers to a question about these files, within bounds; nothing is fetched for it.

    It runs in this process's environment where no other is given.
    Raises SubjectError where a file or the answer goes beyond them, else as `docker.ask`, with every warning.
    """
    for file in files:
        _require_small(file)
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as beside:
        code = _run(words, out.fileno(), beside.fileno(), environment)
        for stream in (out, beside):
            stream.seek(0)
        if code == 0:
            return out.read().decode(errors="replace")
        said = beside.read().decode(errors="replace")
    raise _problem(code, said, words[0])


def _problem(code: int, said: str, command: str) -> StackError:
    if (code in ENDED and not said.strip()) or NO_ROOM.search(said):
        return SubjectError(f"to resolve it takes {TOO_MUCH}", hint="look for anchors that unfold into one another")
    if code == NOT_THERE:
        return EngineError("there is no docker command", hint=docker.NO_COMMAND)
    found = docker.from_words(said, f"answer `docker {command}`")
    warned = [line for line in said.splitlines() if WARNING in line]  # in another order each time
    found.details = (*sorted(warned), *(line for line in found.details if WARNING not in line))
    return found


def _require_small(file: Path) -> None:
    size = file.stat().st_size if file.is_file() else 0
    if size > FILE_BYTES:
        raise SubjectError(f"{file} has {size >> 20} MB: a Compose file has at most {FILE_BYTES >> 20}")


def _run(words: tuple[str, ...], out: int, beside: int, given: Mapping[str, str] | None) -> int:
    """The exit code; -9 for one that the clock ended, its plugin with it."""
    environment = {**FROM_HERE_ONLY, **(os.environ if given is None else given)}
    try:
        code = timed.exit_code([*WITHIN, "docker", *words], SECONDS, environment=environment, out=out, beside=beside)
    except FileNotFoundError as problem:
        raise EngineError("there is no prlimit command", hint="install util-linux") from problem
    return -signal.SIGKILL if code is None else code
