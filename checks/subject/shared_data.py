"""What a copy of a project would write to as well as the original: pure, but for links and devices of this machine."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

from checks.subject.dangers import in_memory
from stack.driver.errors import SubjectError
from stack.driver.project import Config

HINT = "mount a directory below the Compose file, or a named volume, or mount it read-only"
DISK = re.compile(r"/dev/(?:(?:sd|hd|vd|xvd)[a-z]|nvme\d|mmcblk\d|loop\d|md\d|dm-|mapper/|disk/|drbd|rbd|zd\d)")


def refuse_shared_data(config: Config, directory: Path) -> None:
    """Raises SubjectError for what a service could write to that is not in the copy: the original's data."""
    for service, spec in config["services"].items():
        for where in (*_mounted(spec, directory), *_borrowed(spec)):
            raise SubjectError(
                f"service `{service}` mounts {where}, which a fresh copy of the stack would write to as well", hint=HINT
            )
    read_only = _only_read(config)
    for name, volume in (config.get("volumes") or {}).items():
        where = _storage(volume or {}, directory)
        if where and name not in read_only:
            raise SubjectError(
                f"volume `{name}` is {where}, which a fresh copy of the stack would write to as well",
                hint="let the engine say where the volume lies",
            )


def _mounted(spec: Config, directory: Path) -> Iterator[str]:
    """What lies outside of the copy and may be written to: links are followed, as the engine does."""
    for mount in spec.get("volumes") or ():
        source = Path(os.path.realpath(directory / str(mount.get("source", ""))))
        outside = mount["type"] == "bind" and not _is_in(source, directory) and not _holds_no_data(source)
        if outside and not mount.get("read_only"):
            yield str(source)


def _holds_no_data(path: Path) -> bool:
    """A socket (of an engine that may not be here, too), or a device such as /dev/null."""
    return path.is_socket() or path.is_char_device() or (path.suffix == ".sock" and not path.exists())


def _borrowed(spec: Config) -> Iterator[str]:
    """The volumes of a container that is none of the project's, and disks."""
    for told in map(str, spec.get("volumes_from") or ()):
        if told.startswith("container:") and not told.endswith(":ro"):
            yield f"the volumes of {told}"
    for one in spec.get("devices") or ():
        source, permissions = _device(one)
        if permissions != "r" and (DISK.match(source) or Path(source).is_block_device()):
            yield source


def _device(told: object) -> tuple[str, str]:
    """Which device, and what may be done with it: `source:target:rwm`, or the same by keys."""
    if isinstance(told, dict):
        return str(told.get("source")), str(told.get("permissions") or "")
    source, _, rest = str(told).partition(":")
    return source, rest.partition(":")[2]


def _storage(volume: Config, directory: Path) -> str:
    """Where a named volume lies that is not each project's own; '' for one that is.

    The engine's own driver takes mount(8)'s options; of any other it is not known what its volumes share.
    """
    options = volume.get("driver_opts") or {}
    if volume.get("driver") not in {None, "", "local"}:
        return f"the driver's own ({volume['driver']})"
    device = str(options.get("device") or "")
    flags = str(options.get("o") or "").split(",")
    if not device or in_memory(options) or "ro" in flags:
        return ""
    bound = "bind" in flags or "rbind" in flags
    return "" if bound and _is_in(Path(os.path.realpath(device)), directory) else device


def _only_read(config: Config) -> set[str]:
    """The named volumes that every service which has them mounts read-only."""
    mounts = [mount for spec in config["services"].values() for mount in spec.get("volumes") or ()]
    written = {mount.get("source") for mount in mounts if not mount.get("read_only")}
    return {str(mount.get("source")) for mount in mounts} - set(map(str, written))


def _is_in(path: Path, directory: Path) -> bool:
    return path.is_relative_to(os.path.realpath(directory))
