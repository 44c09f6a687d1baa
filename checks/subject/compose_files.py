"""Which Compose files a path stands for: those that `docker compose up`, run there, would read."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from checks.subject.env_file import variables_of
from stack.driver.errors import SubjectError
from stack.driver.project import COMPOSE_NAMES as COMPOSE_NAMES
from stack.driver.project import OVERRIDE_NAMES

PROFILE_NAME = "compliance.toml"
STDIN = "-"
HINT = "--stack takes a directory, a Compose file, or several of them with `:` between"


@dataclass(frozen=True, kw_only=True)
class ComposeFiles:
    """The Compose file that says where the project is, those merged over it, and the folder that all was found from."""

    first: Path
    more: tuple[Path, ...] = ()
    folder: Path


def found_at(path: Path) -> ComposeFiles:
    """The Compose files at `path`; raises SubjectError where there is none.

    Of a directory those that Compose finds: by COMPOSE_FILE of its `.env`, else by their usual names, with an override
    file, there or in a folder above. Of a file, or several with `:` between, these alone, as behind `--file`.
    """
    if path.is_dir():
        return _by_variable(path) or _by_name(path)
    files = [path] if path.exists() else [Path(one) for one in str(path).split(os.pathsep)]
    return _named(files, Path(os.path.abspath(files[0])).parent)  # noqa: PTH100 - a link stays where it lies


def _by_variable(folder: Path) -> ComposeFiles | None:
    """What COMPOSE_FILE names, seen from the folder. That of the shell is about where the shell is, and left alone.

    Compose asks the `.env` beside a file of a usual name, which may lie above, before that of the folder it is run in.
    """
    home = next((place for place in (folder, *folder.parents) if _first_of(COMPOSE_NAMES, place)), folder)
    variables = variables_of(home)
    if (named := variables.get("COMPOSE_FILE")) is None:
        return None
    if not named:
        raise SubjectError(f"{home / '.env'}: COMPOSE_FILE is empty, which Compose takes for a file", hint="remove it")
    names = named.split(variables.get("COMPOSE_PATH_SEPARATOR") or os.pathsep)
    if STDIN in names:
        raise SubjectError(f"{home / '.env'}: COMPOSE_FILE reads from the standard input, which is no project")
    return _named([folder / name for name in names], folder)


def _by_name(folder: Path) -> ComposeFiles:
    for place in (folder, *folder.parents):
        if found := _first_of(COMPOSE_NAMES, place):
            override = _first_of(OVERRIDE_NAMES, place)
            return _named([found, *([override] if override else [])], place)
    raise SubjectError(f"{folder} is no Compose project: it holds none of {', '.join(COMPOSE_NAMES)}", hint=HINT)


def _first_of(names: tuple[str, ...], folder: Path) -> Path | None:
    return next((folder / name for name in names if (folder / name).exists()), None)


def _named(files: list[Path], folder: Path) -> ComposeFiles:
    absolute = [Path(os.path.abspath(file)) for file in files]  # noqa: PTH100 - a link stays where it lies
    for file in absolute:
        if file.is_dir():
            raise SubjectError(f"{file} is a directory, where Compose reads a file", hint=HINT)
        if not file.is_file():
            raise SubjectError(f"{file} is no Compose project: there is no such directory or file", hint=HINT)
    return ComposeFiles(first=absolute[0], more=tuple(absolute[1:]), folder=folder)
