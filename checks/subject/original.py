"""The copy that is judged, held against the original where it stands: its own `.env`, override file, project name.

A copy is made, prepared by what the profile names, and started under another name. Whatever of its resolved Compose
file is other than where the project stands was not what was judged there. Not meant is what has to differ: the name,
paths, secrets, and what is missing there and only a person or `prepare` can give.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from checks.core import image_reference
from checks.subject.plain import plain
from checks.subject.secret_names import names_a_secret
from checks.subject.secret_places import in_text
from checks.subject.stack import MADE_UP, Files
from stack.driver.project import Config

ABSENT, MISSING = "(none)", "(missing)"
SECRET = "<a secret>"  # noqa: S105 - stands for one
VERSION = re.compile(r"\d+(?:\.\d+)*")
OURS = {"labels"}  # keys of a copy that are laid over it, or say nothing of what runs
Settings = Mapping[str, str]
"""{key of the resolved Compose file: what stands there}, such as `services.redis.command`."""


class Why(StrEnum):
    """Why a difference may be."""

    PROVIDED = "missing there, and to be provided"
    SECRET = "another secret"  # noqa: S105 - says that there is one
    IMAGE = "another build of the same image"
    USER = "another user, neither of them root"


@dataclass(frozen=True, kw_only=True)
class Setting:
    """A setting that is not the same; `why` is None for what nothing excuses."""

    key: str
    original: str
    copy: str
    why: Why | None


def compared_settings(original: Files, copy: Files) -> tuple[int, list[Setting]]:
    """How many settings were compared, and those that differ; raises SubjectError where one does not resolve."""
    there = _settings(original.project.config)
    here = _settings(_as_there(copy, original))
    found = [
        _setting(key, there.get(key, ABSENT), here.get(key, ABSENT), original)
        for key in sorted({*there, *here})
        if there.get(key) != here.get(key) and not _same_path(there.get(key), here.get(key), original, copy)
    ]
    return len({*there, *here}), found


def _as_there(copy: Files, original: Files) -> Config:
    """The copy as it is meant, its folder and its name taken for the original's."""
    text = json.dumps(copy.project.declared)
    name = str(original.project.config["name"])
    for ours, its in ((str(copy.project.directory), str(original.project.directory)), (copy.project.name, name)):
        text = text.replace(json.dumps(ours)[1:-1], json.dumps(its)[1:-1])
    config: Config = json.loads(text)
    return config


def _settings(config: Config) -> Settings:
    return dict(_flat("", {key: value for key, value in config.items() if key != "name"}))


def _flat(key: str, value: object) -> Iterator[tuple[str, str]]:
    """A list of words, such as a command, is one setting."""
    match value:
        case dict():
            for name, inside in value.items():
                if name not in OURS:
                    yield from _flat(f"{key}.{name}" if key else str(name), inside)
        case list() if any(isinstance(one, dict) for one in value):
            for at, inside in enumerate(value):
                yield from _flat(f"{key}.{at}", inside)
        case list():
            yield key, json.dumps(value)
        case _:
            yield key, "" if value is None else str(value)


def _setting(key: str, there: str, here: str, original: Files) -> Setting:
    name = key.rpartition(".")[2]
    named = names_a_secret(name) or key.startswith("secrets.")
    shown = [SECRET if named and text != ABSENT else _without_secrets(text) for text in (there, here)]
    why = _why(key, there, here, original)
    if why is None and ABSENT not in (there, here) and (named or _without_secrets(there) == _without_secrets(here)):
        why = Why.SECRET
    there_shown = shown[0].replace(MADE_UP, MISSING) if original.made_up else shown[0]
    return Setting(key=key, original=plain(there_shown), copy=plain(shown[1]), why=why)


def _why(key: str, there: str, here: str, original: Files) -> Why | None:
    name = key.rpartition(".")[2]
    if original.made_up and (MADE_UP in there or (there == ABSENT and "env_file" in original.made_up)):
        return Why.PROVIDED
    if name == "image" and is_another_build(there, here):
        return Why.IMAGE
    if name == "user" and all(re.match(r"0*[1-9]", text) for text in (there, here)):
        return Why.USER
    return None


def is_another_build(one: str, other: str) -> bool:
    """Whether two references name the same program and version, from another maker, or two builds by their hashes."""
    ours, its = image_reference.parse(one), image_reference.parse(other)
    if ours is None or its is None or not (image_reference.is_pinned(one) and image_reference.is_pinned(other)):
        return False
    if all(image_reference.COMMIT.fullmatch(each.tag) for each in (ours, its)):
        return ours.name == its.name
    programs = [re.split(r"[-_/]", each.path)[-1] for each in (ours, its)]
    return programs[0] == programs[1] and _agree(ours.tag, its.tag)


def _agree(one: str, other: str) -> bool:
    """Whether two tags name the same version, as far as both of them go."""
    numbers = [found[0].split(".") if (found := VERSION.search(tag)) else [] for tag in (one, other)]
    shared = min(map(len, numbers))
    return shared > 0 and numbers[0][:shared] == numbers[1][:shared]


def _same_path(there: str | None, here: str | None, original: Files, copy: Files) -> bool:
    """Whether both lead to the same place as seen from the project, such as one above it."""
    if not (there and here and there.startswith("/") and here.startswith("/")):
        return False
    return os.path.relpath(there, original.project.directory) == os.path.relpath(here, copy.project.directory)


def _without_secrets(text: str) -> str:
    for before, secret in sorted(in_text(text), key=lambda found: -len(found[1])):
        text = text.replace(before + secret, before + SECRET)
    return text
