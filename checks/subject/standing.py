"""A subject where it stands: resolved by Compose alone, without an engine, and without a change to it."""

from __future__ import annotations

import json
import re
import tempfile
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from checks.subject.profile import Subject
from checks.subject.reach import loaded
from checks.subject.stack import MADE_UP, Files
from stack.driver.errors import SubjectError
from stack.driver.project import ComposeProject, Config

NAME = "declared"
INTERPOLATING = re.compile(r"^error while interpolating services\.\S+: ")  # any one of those that want it
MISSING_VARIABLE = re.compile(r"required variable (\w+) is missing a value")
MISSING_FILE = re.compile(r"env file (\S+) not found")
BLANK = re.compile(r'The "(\w+)" variable is not set')
ENV_FILE, PROFILES = "env_file", "profiles"


@contextmanager
def standing(subject: Subject, directory: Path | None = None, *, name: str = NAME) -> Iterator[Files]:
    """The subject as it lies there, or its prepared copy in `directory`: nothing is built, started or written to it.

    Without a `name` it has its own, as a plain `up` would give it.

    Where Compose says that something is missing which a person is to provide, that is kept as its complaint and made
    up, so that the rest can be judged. What does not resolve for another reason raises SubjectError when it is asked.
    """
    with tempfile.TemporaryDirectory(prefix="declared-") as aside:
        project = subject.project_in(directory or subject.directory, name, aside=Path(aside))
        complaint, made_up = _made_to_resolve(project, Path(aside))
        unprepared = bool(subject.prepare) and directory is None
        yield Files(subject=subject, project=project, complaint=complaint, made_up=made_up, unprepared=unprepared)


def _made_to_resolve(project: ComposeProject, aside: Path) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """What Compose complained of, and what was made up for it."""
    complaints: dict[str, str] = {}
    left = _left_after_making_up(project, aside, complaints)
    if left is None and not project.config["services"]:
        complaints[PROFILES] = "every service stands under a profile, so that a plain `up` starts none"
        project.options += ["--profile", "*"]
        left = _left_after_making_up(project, aside, complaints)  # what those services want is missed only now
    blamed = {missing: told for missing, told in complaints.items() if told != left}  # the rest was no help
    return (*_sorted(blamed), *([left] if left else [])), tuple(sorted(blamed))


def _left_after_making_up(project: ComposeProject, aside: Path, complaints: dict[str, str]) -> str | None:
    """Make up what is missing, one after another; what Compose still says when nothing more can be."""
    while (complaint := complaint_of(project)) is not None:
        missing = _missing(project, complaint)
        if not missing - complaints.keys():
            return complaint
        complaints |= dict.fromkeys(missing, complaint)
        _provide(project, aside, missing)
    return None


def profiled(project: ComposeProject) -> Mapping[str, Config]:
    """{service: what the Compose file says of it} of those that a plain `up` leaves out and a profile brings up.

    A file of variables that such a service lacks keeps nobody from looking at it.
    """
    try:
        return project.profiled
    except SubjectError as problem:
        if not any(MISSING_FILE.search(line) for line in problem.details):
            raise
    with tempfile.TemporaryDirectory(prefix="profiled-") as aside:
        return project.laid_over(_without_env_files(project), Path(aside)).profiled


def _without_env_files(project: ComposeProject) -> str:
    without = ", ".join(f"{json.dumps(name)}: {{env_file: !reset []}}" for name in _with_env_file(project))
    return f"services: {{{without}}}\n"


def _sorted(complaints: Mapping[str, str]) -> Iterator[str]:
    """Each once, with the blank variables that it does not name: Compose comes upon them in another order each time."""
    for told in dict.fromkeys(complaints[missing] for missing in sorted(complaints)):
        blank = [name for name in sorted(complaints) if complaints[name] == told and name not in (ENV_FILE, PROFILES)]
        yield f"{told} (not set: {', '.join(blank)})" if blank and not MISSING_VARIABLE.search(told) else told


def complaint_of(project: ComposeProject) -> str | None:
    """Why Compose cannot resolve the project; None where it can."""
    if (problem := _unresolved(project)) is None:
        return None
    said = problem.details[-1] if problem.details else problem.sentence
    return INTERPOLATING.sub("", said.replace(f"{project.directory}/", ""))


def _unresolved(project: ComposeProject) -> SubjectError | None:
    try:
        _ = project.config
    except SubjectError as problem:
        return problem
    return None


def _missing(project: ComposeProject, complaint: str) -> set[str]:
    """What a person is to provide before it resolves: variables, or a file of them.

    A variable that is left blank may leave nothing where a port or a path is wanted, of which Compose says only that.
    """
    if variable := MISSING_VARIABLE.search(complaint):
        return {variable[1]}
    return {ENV_FILE} if MISSING_FILE.search(complaint) else _left_blank(project)


def _left_blank(project: ComposeProject) -> set[str]:
    """The variables that Compose warned of before it gave up."""
    problem = _unresolved(project)
    return {name for line in problem.details for name in BLANK.findall(line)} if problem else set()


def _provide(project: ComposeProject, aside: Path, missing: Collection[str]) -> None:
    if ENV_FILE in missing:
        project.override(_without_env_files(project))
        return
    given = aside / f"{min(missing)}.env"  # a file each time: what Compose said of other files is another answer
    given.write_text("".join(f"{name}={MADE_UP}\n" for name in sorted(missing)))
    told = any(option.startswith("--env-file") for option in project.options)
    own = () if told else project.env_files  # which Compose reads only where it is told of no other
    project.options += [f"--env-file={file}" for file in (*own, given)]


def _with_env_file(project: ComposeProject) -> list[str]:
    """The services whose variables come from a file, as the Compose files say it before they are resolved."""
    told = [_services_in(file) for file in project.files]
    return sorted({name for services in told for name, spec in services.items() if "env_file" in (spec or {})})


def _services_in(file: Path) -> Mapping[str, Any]:
    services = loaded(file).get("services")
    return services if isinstance(services, dict) else {}
