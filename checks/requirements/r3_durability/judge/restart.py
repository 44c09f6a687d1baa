"""What is asked of data across restarts, kills and rewrites; of settings and the mount."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from checks.core.place import Places, first_of
from checks.core.registry import judges
from checks.core.verdict import Violation

DURABLE = {"appendonly": "yes", "appendfsync": "always", "no-appendfsync-on-rewrite": "no"}
DROPPING = ("maxmemory", "maxmemory-policy", "replicaof", "slaveof", "storage")  # the last is what the data lie on
IN_MEMORY = {"tmpfs", "ramfs"}


@dataclass(frozen=True, kw_only=True)
class Kept:
    """What was left of acknowledged items after Redis went away and came back."""

    after: Literal["restart", "kill", "down-up"]
    acknowledged: int
    came_back_anew: bool
    in_the_middle_of_writing: bool
    lost: tuple[str, ...]


@judges(Kept)
def kept_violations(seen: Kept) -> list[Violation]:
    rule = f"{seen.after}-keeps"
    if not seen.came_back_anew:  # nothing was tried, so nothing was proven
        return [Violation(rule, seen="Redis did not come back anew", wanted="a new start", late=True)]
    if seen.after == "kill" and not seen.in_the_middle_of_writing:
        return [Violation(rule, seen="no write was under way", wanted="a kill under load", late=True)]
    if seen.lost or seen.acknowledged == 0:
        some = ", ".join(seen.lost[:5])
        return [Violation(rule, seen=f"{len(seen.lost)} of {seen.acknowledged} lost: {some}", wanted="none lost")]
    return []


@dataclass(frozen=True, kw_only=True)
class Rewritten:
    """What was left of acknowledged items after rewrites of the append-only file under load, then a kill."""

    base_before: str  # the base file that the manifest names, as it lies on this machine
    base_after: str
    status: str  # Redis' own word of the last rewrite
    acknowledged_meanwhile: int
    came_back_anew: bool
    acknowledged: int
    lost: tuple[str, ...]


@judges(Rewritten)
def rewritten_violations(seen: Rewritten) -> list[Violation]:
    rule = "rewrite-keeps"
    if seen.lost or seen.acknowledged == 0:
        some = ", ".join(seen.lost[:5])
        return [Violation(rule, seen=f"{len(seen.lost)} of {seen.acknowledged} lost: {some}", wanted="none lost")]
    if seen.status != "ok" or seen.base_after in {"", seen.base_before}:
        told = f"the last rewrite is `{seen.status}`, the base file `{seen.base_after}`"
        return [Violation(rule, seen=told, wanted=f"a new base file instead of `{seen.base_before}`", late=True)]
    if seen.acknowledged_meanwhile == 0 or not seen.came_back_anew:
        told = f"{seen.acknowledged_meanwhile} writes meanwhile, Redis came back anew: {seen.came_back_anew}"
        return [Violation(rule, seen=told, wanted="writes during a rewrite, and a new start after it", late=True)]
    return []


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What Redis says it runs with (CONFIG GET), by parameter; where files say it, under '' who gives it to Redis.

    `storage` is what its data lie on by the Compose file, '' where that is a folder or volume that keeps them.
    """

    values: Mapping[str, str]
    places: Places = field(default_factory=dict)


@judges(Settings)
def settings_violations(seen: Settings) -> list[Violation]:
    wrong = {name: seen.values.get(name) for name, wanted in DURABLE.items() if seen.values.get(name) != wanted}
    place = first_of(seen.places, [*wrong, ""])
    found = [Violation("nothing-suspends-fsync", seen=wrong, wanted=DURABLE, place=place)] if wrong else []
    if dropped := _dropping(seen.values):
        place, wanted = first_of(seen.places, [*dropped, ""]), "no eviction, no other Redis to follow, data on a disk"
        found.append(Violation("nothing-drops-the-data", seen=dropped, wanted=wanted, place=place))
    return found


def _dropping(values: Mapping[str, str]) -> dict[str, str]:
    """The settings by which what was acknowledged goes, or is replaced, although nothing breaks."""
    told = {name: values[name] for name in DROPPING if values.get(name)}
    bounded = re.match(r"0*[1-9]", told.pop("maxmemory", "0"))
    if not (bounded and told.get("maxmemory-policy", "").startswith("allkeys-")):
        told.pop("maxmemory-policy", None)
    return {name: value for name, value in told.items() if value.lower() != "no one"}


@dataclass(frozen=True, kw_only=True)
class Attached:
    """Where Redis' data directory is mounted from, and what of it holds a value that was just written."""

    directory: str
    mount: Literal["bind", "volume", "none"]
    file_system: str
    files: tuple[str, ...]
    holding_the_value: tuple[str, ...]


@judges(Attached)
def attached_violations(seen: Attached) -> list[Violation]:
    rule = "files-in-mounted-directory"
    if seen.mount == "none":
        return [Violation(rule, seen=f"{seen.directory} is on no mount", wanted="a directory or volume of the host")]
    if seen.file_system in IN_MEMORY:
        return [Violation(rule, seen=f"{seen.directory} is on {seen.file_system}", wanted="a file system on a disk")]
    if not any(name.endswith(".manifest") for name in seen.files) or not seen.holding_the_value:
        return [Violation(rule, seen=list(seen.files), wanted="an AOF manifest and a file with the value")]
    return []
