"""A requirement as data: what is claimed, why it matters, and the rules that prove it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

# Where a name in a snippet is a service: as a key of a line, a host, a job, a target; not an image, a user or a path.
BEFORE = r"(?:(?<=^  )|(?<=^    )|(?<=host=\")|(?<=job=\")|(?<=job_name: )|(?<=targets: \[\"))"
BEHIND = r"(?=:\s*$|:\d|\"|$)"


class Reading(StrEnum):
    """What a health route is to say: whether the service can do its work, or only that it is there to be asked."""

    READINESS = "readiness"
    LIVENESS = "liveness"


@dataclass(frozen=True)
class Rule:
    """One sentence that observations can contradict, and what to do when they do."""

    name: str
    wording: str
    timed: bool = False
    """Whether to break it is to be late: then a machine that starved may be why, and it is tried again."""
    remedy: str = ""
    snippet: str = ""  # the least that shows the remedy, as it would stand in a file or on a command line
    runner: str = ""
    """By whom a subject has to be run for this to be judged; '' for anybody."""

    def snippet_for(self, services: Mapping[str, str]) -> str:
        """The snippet with a subject's own names, {role: service}, where the name of a role stands for a service."""
        roles = "|".join(map(re.escape, services))
        return re.sub(f"(?m){BEFORE}(?:{roles}){BEHIND}", lambda found: services.get(found[0], found[0]), self.snippet)


@dataclass(frozen=True)
class Reference:
    """Where others say the same."""

    title: str
    url: str | None = None


@dataclass(frozen=True, kw_only=True)
class Control:
    """An item of somebody's catalogue of controls that some of the rules bear on, and why they do."""

    framework: str
    item: str
    title: str
    reason: str
    rules: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Requirement:
    """One folder with a `requirement.toml`; `package` is the name under which Python imports what stands in it.

    `needs` are the roles that it is about, `logins` those of the profile that some of its checks log in with.
    """

    id: str
    title: str
    wording: str
    why: str
    references: tuple[Reference, ...] = ()
    rules: tuple[Rule, ...] = ()
    controls: tuple[Control, ...] = ()
    needs: tuple[str, ...] = ()
    logins: tuple[str, ...] = ()
    folder: Path
    package: str

    @property
    def timed(self) -> frozenset[str]:
        """The names of the rules that are about time."""
        return frozenset(rule.name for rule in self.rules if rule.timed)
