"""What Redis' data lie on, as the Compose file says it: memory, or a volume that leaves flushes out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath

from checks.requirements.r3_durability.judge.restart import IN_MEMORY
from checks.subject.roles import Role
from checks.subject.stack import Files

USUAL, FOLDER = "/data", "appendonlydir"  # where Redis' image has its data, and the files in them
WITHOUT_FLUSHES = {"volatile", "fsync=volatile", "nobarrier", "barrier=0", "barrier=off", "nosync", "cache=loose"}


def storage_of(files: Files, settings: Mapping[str, str]) -> str:
    """'tmpfs', or the option of its volume by which no flush reaches the disk; '' for what keeps it."""
    place = PurePosixPath(settings.get("dir") or USUAL, settings.get("appenddirname") or FOLDER)
    over = [one for one in _mounted(files) if place.is_relative_to(one[0])]
    return max(over, key=lambda one: len(one[0].parts))[1] if over else ""


def _mounted(files: Files) -> Iterator[tuple[PurePosixPath, str]]:
    """(target, what is the matter with it)."""
    spec = files.services[files.roles[Role.REDIS]]
    for told in spec.get("tmpfs") or ():
        yield PurePosixPath(str(told).partition(":")[0]), "tmpfs"
    volumes = files.project.config.get("volumes") or {}
    for mount in spec.get("volumes") or ():
        options = (volumes.get(str(mount.get("source"))) or {}).get("driver_opts") or {}
        flags = str(options.get("o") or "").split(",")
        kind = "tmpfs" if mount["type"] == "tmpfs" else str(options.get("type") or "")
        in_memory = kind in IN_MEMORY and not {"bind", "rbind"} & {*flags}
        yield PurePosixPath(mount["target"]), kind if in_memory else ",".join(sorted(WITHOUT_FLUSHES & {*flags}))
