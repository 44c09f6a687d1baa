"""What a service of a copy may take of this machine where its project sets no bound, or one that is none.

Half of its memory, 4,096 tasks, files as large as half of what is free on the disk, and 64 MB of log, which we read.
No service that does what it is for comes near; one that takes all there is, on purpose or not, ends itself and not the
machine. Many files together have no bound: the engine has one for containers on few file systems, and none for volumes.
"""

import json
import os
import re
import shutil
from collections.abc import Iterator, Mapping
from typing import Any

MEMORY_BYTES = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2
TASKS = 4096  # the smallest machines have 32,768 process ids; a JVM with a pool of threads takes some hundreds
LEAST_FILE_BYTES = 1 << 30  # databases make files ahead of what they keep in them
LOG_BYTES, LOG_FILES = 32 << 20, 2  # the engine keeps as many of such a size
ROTATED = frozenset({"json-file", "local"})  # log drivers that know a `max-size`; others keep nothing on this disk
SIZE = re.compile(r"(\d+)([kmg]?)b?", re.IGNORECASE)
UNITS = {"": 1, "k": 1 << 10, "m": 1 << 20, "g": 1 << 30}


def limited(spec: Mapping[str, Any]) -> Iterator[str]:
    """Lines to lay over a service for what it leaves open."""
    yield from _memory_and_tasks(spec)
    if not _is_within((spec.get("ulimits") or {}).get("fsize"), file_bytes()):
        yield f"    ulimits: {json.dumps({'fsize': file_bytes()})}"
    yield from _log(spec.get("logging") or {})


def file_bytes() -> int:
    """How large a file may grow."""
    return max(LEAST_FILE_BYTES, shutil.disk_usage("/").free // 2 >> 20 << 20)


def _memory_and_tasks(spec: Mapping[str, Any]) -> Iterator[str]:
    """Beside the limits that it sets: Compose wants one place, or the same in both."""
    deployed = ((spec.get("deploy") or {}).get("resources") or {}).get("limits")
    told: dict[str, str | int] = {}
    for name, flat, most in (("memory", "mem_limit", MEMORY_BYTES), ("pids", "pids_limit", TASKS)):
        set_here = [int(place[key] or 0) for place, key in ((spec, flat), (deployed or {}, name)) if key in place]
        if any(0 < bound <= most for bound in set_here):
            continue
        told[name] = str(most) if name == "memory" else most
        if not deployed or int(spec.get(flat) or 0) > 0:
            yield f"    {flat}: {most}"
    if told and deployed:
        yield f"    deploy: {json.dumps({'resources': {'limits': told}})}"


def _is_within(told: Any, most: int) -> bool:  # noqa: ANN401 - one number for both, or each by its name
    """Whether a limit of a process is one, and no higher than that."""
    if isinstance(told, Mapping):
        told = told.get("hard")
    return told is not None and 0 <= int(told) <= most


def _log(logging: Mapping[str, Any]) -> Iterator[str]:
    driver, options = logging.get("driver") or "json-file", logging.get("options") or {}
    if driver in ROTATED and not _is_bounded(options):
        most = {"max-size": str(LOG_BYTES), "max-file": str(LOG_FILES)}
        yield f"    logging: {json.dumps({'driver': driver, 'options': most})}"


def _is_bounded(options: Mapping[str, Any]) -> bool:
    """By itself, and to no more than that."""
    told = SIZE.fullmatch(str(options.get("max-size") or ""))
    if told is None or int(told[1]) <= 0:  # the latter is Docker's word for no bound
        return False
    files = str(options.get("max-file") or 1)
    return files.isdecimal() and int(told[1]) * UNITS[told[2].lower()] * int(files) <= LOG_BYTES * LOG_FILES
