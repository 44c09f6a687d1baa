"""Hold the copy that is judged against the project where it stands."""

import shlex
from collections.abc import Iterator

from checks.requirements.r2_compose_up.judge.compose_up import AgainstOriginal, Difference
from checks.subject.original import ABSENT, compared_settings
from checks.subject.original_files import FilesCompared, compared_files
from checks.subject.stack import Files
from checks.subject.standing import profiled

MOST = 40  # differences that an observation lists
THERE = "there"


def compare_with_original(original: Files, copy: Files) -> AgainstOriginal:
    """Every setting of the resolved Compose file, and every file that was copied."""
    project = original.project
    number, settings = compared_settings(original, copy)
    files = compared_files(project.directory, copy)
    found = [Difference(place=one.key, original=one.original, copy=one.copy, why=one.why or "") for one in settings]
    found += _of_files(files)
    found.sort(key=lambda one: bool(one.why))
    return AgainstOriginal(
        project=str(project.config["name"]),
        files=tuple(one.name for one in original.subject.files),
        profiled=tuple(profiled(project)),
        prepared=shlex.join(copy.subject.prepare),
        settings=number,
        copied=files.number,
        differences=tuple(found[:MOST]),
    )


def told(seen: AgainstOriginal) -> str:
    """What is excused and the reader is to know all the same, in a sentence; '' where there is nothing."""
    excused: dict[str, list[str]] = {}
    for one in seen.differences:
        if one.why:
            excused.setdefault(one.why, []).append(one.place)
    words = "; ".join(f"{', '.join(places)} ({why})" for why, places in excused.items())
    return f"the copy that was judged is not the original in {words}" if words else ""


def _of_files(seen: FilesCompared) -> Iterator[Difference]:
    yield from (Difference(place=path, original="as it stands", copy="changed") for path in seen.changed)
    yield from (Difference(place=path, original=THERE, copy=ABSENT) for path in seen.only_there)
    yield from (Difference(place=path, original=ABSENT, copy=THERE) for path in seen.only_here)
